using System.Text.Json;

namespace AttentionApi.Core.Models.Json;

/// <summary>The library whose field names a configuration uses.</summary>
internal enum ConfigDialect
{
    Transformers,
    Timm,
    OpenClip,
}

/// <summary>The file that describes a model: config.json of transformers, of timm, or open_clip's <c>model_cfg</c> bare (as immich has it); or
/// open_clip_config.json. Told apart by content.</summary>
internal sealed class ConfigFile : IDisposable
{
    private const string Usual = "config.json";
    private const string OpenClips = "open_clip_config.json";

    private readonly JsonDocument document;

    private ConfigFile(JsonDocument document, string name)
    {
        (this.document, Name) = (document, name);
        Fields = JsonFields.Of(document, name);
        Dialect = DialectOf(Fields, name);
    }

    public string Name { get; }
    public ConfigDialect Dialect { get; }

    /// <summary>The whole file, read strictly.</summary>
    public JsonFields Fields { get; }

    /// <summary>The whole file, read leniently; not after the file has been disposed of.</summary>
    public JsonPart Root => JsonPart.Root(document, Name);

    /// <summary>Null where no file describes the model.</summary>
    /// <exception cref="ModelRefusedException">It is there and is no JSON object.</exception>
    public static ConfigFile? Find(ConfigFiles files)
    {
        string[] names = files.PrefersOpenClip ? [OpenClips, Usual] : [Usual, OpenClips];
        return names.FirstOrDefault(files.Has) is { } name ? Open(files, name) : null;
    }

    /// <summary>The file of that dialect, where there is one: a folder may have both config.json of transformers and open_clip_config.json.</summary>
    public static ConfigFile? Find(ConfigFiles files, ConfigDialect dialect)
    {
        foreach (var name in (string[])[Usual, OpenClips])
        {
            if (!files.Has(name)) continue;
            var file = Open(files, name);
            if (file.Dialect == dialect) return file;
            file.Dispose();
        }
        return null;
    }

    public void Dispose() => document.Dispose();

    private static ConfigFile Open(ConfigFiles files, string name) => new(JsonPart.Load(files.Find(name)!), name);

    private static ConfigDialect DialectOf(JsonFields fields, string name)
    {
        if (name == OpenClips || fields.Has("vision_cfg") || fields.Has("model_cfg")) return ConfigDialect.OpenClip;
        // Files older than timm 0.9 have the fields of pretrained_cfg at the top.
        return fields.Has("pretrained_cfg") || (fields.Has("architecture") && !fields.Has("model_type")) ? ConfigDialect.Timm : ConfigDialect.Transformers;
    }
}
