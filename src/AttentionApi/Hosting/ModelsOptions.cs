using System.ComponentModel.DataAnnotations;

namespace AttentionApi.Hosting;

/// <summary>Section <c>Models</c>.</summary>
public sealed class ModelsOptions
{
    /// <summary>Folder of model folders; not set: <c>models</c> beside the program, else up the tree.</summary>
    public string? Path { get; set; }

    /// <summary>Id used where a request names no model; not set: the embedded one, else the first.</summary>
    public string? Default { get; set; }

    /// <summary>Models held at once.</summary>
    [Range(1, 1000)]
    public int MaxLoaded { get; set; } = 4;

    /// <summary>Where instrumented copies lie; empty: memory only; not set: the user's cache folder.</summary>
    public string? CachePath { get; set; }

    /// <summary>By id: the .onnx file to take where a folder leaves a choice, or two of them, vision and text, parted by a comma.</summary>
    public Dictionary<string, string> Files { get; set; } = [];
}

/// <summary>Section <c>Cache</c>.</summary>
public sealed class CacheOptions
{
    /// <summary>Bytes of activations kept in memory; 0 keeps none.</summary>
    [Range(0, long.MaxValue)]
    public long MaxBytes { get; set; } = 256 * 1024 * 1024;
}
