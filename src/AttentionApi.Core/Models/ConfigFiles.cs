namespace AttentionApi.Core.Models;

/// <summary>
/// The files that say something about a tower: they lie beside it (<c>visual/preprocess_cfg.json</c>, <c>textual/tokenizer.json</c>) or in the model's folder,
/// and the nearer one counts.
/// </summary>
/// <param name="folders">Where to look, the nearest first.</param>
internal sealed class ConfigFiles(params IReadOnlyList<string> folders)
{
    /// <summary>For a bare .onnx file, which has nothing beside it.</summary>
    public static ConfigFiles None { get; } = new([]);

    /// <summary>True for files exported from open_clip (<c>visual</c> and <c>textual</c>): where its configuration lies beside one of another library, it is
    /// open_clip's that counts.</summary>
    public bool PrefersOpenClip { get; init; }

    /// <summary>A single folder.</summary>
    public static implicit operator ConfigFiles(string folder) => new([folder]);

    /// <summary>The path of the nearest file of that name; null where there is none.</summary>
    public string? Find(string name) => folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    public bool Has(string name) => Find(name) is not null;
}
