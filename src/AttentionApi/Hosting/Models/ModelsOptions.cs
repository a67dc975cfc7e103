using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace AttentionApi.Hosting.Models;

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

    /// <summary>By id: the files to take where a folder leaves a choice; <see cref="ModelFilesSetting"/> reads it.</summary>
    public ModelFiles Files { get; set; } = [];
}

/// <summary>The value of <c>Models:Files</c>, which may be a text as well as an object; binding must let both pass.</summary>
[TypeConverter(typeof(FromText))]
public sealed class ModelFiles : Dictionary<string, string>
{
    private sealed class FromText : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

        public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => new ModelFiles();
    }
}

/// <summary>Section <c>Cache</c>.</summary>
public sealed class CacheOptions
{
    /// <summary>Bytes of activations kept in memory; 0 keeps none.</summary>
    [Range(0, long.MaxValue)]
    public long MaxBytes { get; set; } = 256 * 1024 * 1024;
}
