// The wrinkles of a face for a Custom Function node of Shader Graph (URP and HDRP).
// Node: Type "File", Source this file, Name "Wrinkle", Precision "Single".
//   Inputs:  uv (Vector 2), then as Texture 2D: @INPUTS@, then strength and permanent (Float).
//   Outputs: tangent (Vector 3), for Normal (Tangent Space), and height (Float), in metres.
// WrinkleFace.cs feeds the weights.
#ifndef WRINKLE_INCLUDED
#define WRINKLE_INCLUDED

#ifndef WRINKLE_SAMPLE
#define WRINKLE_SAMPLE(map, uv) SAMPLE_TEXTURE2D(map.tex, map.samplerstate, uv)
#endif

float4 _WrinkleWeights[@COUNT@];

void Wrinkle_float(float2 uv, @PARAMETERS@float strength, float permanent, out float3 tangent_out, out float height_out)
{
@WEIGHTS@
@BODY@
    tangent_out = tangent;
    height_out = height;
}

#endif
