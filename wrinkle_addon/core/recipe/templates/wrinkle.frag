#version 330 core
// The wrinkles of a face as a fragment shader: a reference for every renderer that speaks GLSL.
// All maps but the base colour are data: linear, uncompressed, clamped, bilinear; v grows upwards.
// Uniforms with an expression's name take its weight, 0 to 1.

@MAPS@

uniform float strength = @STRENGTH@;
uniform float permanent = @PERMANENT@;

@WEIGHTS@

in vec2 wrinkle_uv;
layout(location = 0) out vec4 normal_colour;
layout(location = 1) out vec4 height_metres;

void main()
{
    vec2 uv = wrinkle_uv;
@BODY@
    normal_colour = vec4(tangent * 0.5 + 0.5, 1.0);
    height_metres = vec4(height);
}
