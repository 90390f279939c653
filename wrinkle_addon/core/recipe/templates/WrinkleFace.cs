using System.IO;
using UnityEngine;
#if UNITY_EDITOR
using UnityEditor;
#endif

/// <summary>Lets the wrinkles follow the blend shapes: add it to the face's SkinnedMeshRenderer and give it wrinkle.json.
/// One copy of this file serves every face of a project.</summary>
[ExecuteAlways]
[RequireComponent(typeof(SkinnedMeshRenderer))]
public class WrinkleFace : MonoBehaviour
{
    [Tooltip("The wrinkle.json of this face")]
    public TextAsset recipe;

    static readonly int Weights = Shader.PropertyToID("_WrinkleWeights");

    SkinnedMeshRenderer face;
    MaterialPropertyBlock block;
    int[] shapes;
    Vector4[] packed;

    [System.Serializable]
    class Recipe
    {
        public string[] weights = { };
    }

    void OnEnable()
    {
        face = GetComponent<SkinnedMeshRenderer>();
        block = new MaterialPropertyBlock();
        string[] names = recipe == null ? new string[0] : JsonUtility.FromJson<Recipe>(recipe.text).weights;
        packed = new Vector4[Mathf.Max(1, (names.Length + 3) / 4)];
        shapes = new int[names.Length];
        for (int i = 0; i < names.Length; i++)
            shapes[i] = Find(face.sharedMesh, names[i]);
    }

    void LateUpdate()
    {
        for (int i = 0; i < shapes.Length; i++)
            packed[i / 4][i % 4] = shapes[i] < 0 ? 0f : face.GetBlendShapeWeight(shapes[i]) / 100f;
        face.GetPropertyBlock(block);
        block.SetVectorArray(Weights, packed);
        face.SetPropertyBlock(block);
    }

    /// <summary>Importers may put the mesh's name and a dot before a blend shape's.</summary>
    static int Find(Mesh mesh, string name)
    {
        for (int i = 0; mesh != null && i < mesh.blendShapeCount; i++)
        {
            string known = mesh.GetBlendShapeName(i);
            if (known == name || known.EndsWith("." + name))
                return i;
        }
        return -1;
    }
}

#if UNITY_EDITOR
/// <summary>Images beside a wrinkle.json are data, except for the base colour: linear, clamped and uncompressed.</summary>
class WrinkleTextures : AssetPostprocessor
{
    void OnPreprocessTexture()
    {
        string folder = Path.GetDirectoryName(assetPath);
        if (!File.Exists(Path.Combine(folder, "wrinkle.json")))
            return;
        string name = Path.GetFileNameWithoutExtension(assetPath);
        TextureImporter importer = (TextureImporter)assetImporter;
        importer.sRGBTexture = name == "texture";
        importer.wrapMode = TextureWrapMode.Clamp;
        importer.npotScale = TextureImporterNPOTScale.None;
        importer.maxTextureSize = 8192;
        importer.mipmapEnabled = name != "motion";
        if (name == "texture")
            return;
        importer.textureCompression = TextureImporterCompression.Uncompressed;
        if (!name.StartsWith("normal"))
            return;
        TextureImporterPlatformSettings settings = importer.GetDefaultPlatformTextureSettings();
        settings.format = TextureImporterFormat.RGBA64;
        importer.SetPlatformTextureSettings(settings);
    }
}
#endif
