using System.Text.Json;

namespace AttentionApi.Core.Models;

/// <summary>
/// What the files beside a model say about it: config.json of transformers or timm, open_clip_config.json. Everything is optional; where the graph says otherwise, the graph is right.
/// </summary>
public sealed record ModelConfig
{
    private const long LargestFile = 16 << 20;

    /// <summary>transformers' model_type, timm's architecture, or open_clip; null where no file says.</summary>
    public string? Family { get; init; }
    public PixelSize? ImageSize { get; init; }

    /// <summary>Where the preparation of a picture ends, and the file that says so; null where none gives a size.</summary>
    public InputSizeCandidate? PreparedSize { get; init; }
    public int? Layers { get; init; }
    public int? Heads { get; init; }

    /// <summary>Class names in the order of the logits; null where none are given.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The trained factor on cosines, already exponentiated.</summary>
    public float? LogitScale { get; init; }
    public float? LogitBias { get; init; }

    /// <summary>Positions that the text tower has.</summary>
    public int? TextLength { get; init; }

    /// <exception cref="ModelRefusedException">A file is there but is not JSON, or holds text that is not Unicode.</exception>
    public static ModelConfig Read(ModelFolder folder)
    {
        try
        {
            return FromFiles(folder) with { PreparedSize = PreprocessorConfig.EndsAt(folder.Folder) };
        }
        catch (InvalidOperationException cause)
        {
            // Half a surrogate pair is valid JSON; the reader throws on it.
            throw new ModelRefusedException("The model's configuration holds text that is not Unicode; replace it by the one the model came with.", cause);
        }
    }

    private static ModelConfig FromFiles(ModelFolder folder)
    {
        if (folder.Find("open_clip_config.json") is { } openClip) return FromOpenClip(Parse(openClip));
        if (folder.Find("config.json") is not { } path) return new();
        var root = Parse(path);
        return Member(root, "pretrained_cfg") is { } pretrained ? FromTimm(root, pretrained) : FromTransformers(root);
    }

    private static ModelConfig FromTransformers(JsonElement root)
    {
        var vision = Member(root, "vision_config") ?? root;
        return new()
        {
            Family = Text(root, "model_type"),
            ImageSize = Size(Member(vision, "image_size")),
            Layers = Integer(vision, "num_hidden_layers"),
            Heads = Integer(vision, "num_attention_heads"),
            Labels = Member(root, "id2label") is { } names ? ByIndex(names) : null,
            LogitScale = Real(root, "logit_scale"),
            LogitBias = Real(root, "logit_bias"),
            TextLength = Member(root, "text_config") is { } text ? Integer(text, "max_position_embeddings") : null,
        };
    }

    private static ModelConfig FromTimm(JsonElement root, JsonElement pretrained)
    {
        var names = Member(root, "label_names") ?? Member(pretrained, "label_names");
        return new()
        {
            Family = Text(root, "architecture"),
            ImageSize = Member(pretrained, "input_size") is { ValueKind: JsonValueKind.Array } size && size.GetArrayLength() == 3 ? Size(size[1], size[2]) : null,
            Labels = names is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(name => name.ToString())] : null,
        };
    }

    private static ModelConfig FromOpenClip(JsonElement root)
    {
        var model = Member(root, "model_cfg") ?? root;
        var vision = Member(model, "vision_cfg");
        return new()
        {
            Family = "open_clip",
            ImageSize = vision is { } tower ? Size(Member(tower, "image_size")) : null,
            Layers = vision is { } layers ? Integer(layers, "layers") : null,
            TextLength = Member(model, "text_cfg") is { } text ? Integer(text, "context_length") : null,
        };
    }

    private static JsonElement Parse(string path)
    {
        var name = Path.GetFileName(path);
        try
        {
            if (new FileInfo(path).Length > LargestFile) throw new ModelRefusedException($"{name} is larger than {LargestFile >> 20} MiB and cannot be a model's configuration.");
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.Clone();
        }
        catch (JsonException cause)
        {
            throw new ModelRefusedException($"{name} is not valid JSON (line {cause.LineNumber + 1}).", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ModelRefusedException($"{name} cannot be read: {cause.Message}", cause) { MayPass = true };
        }
    }

    private static JsonElement? Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    private static string? Text(JsonElement parent, string name) => Member(parent, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static int? Integer(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) && value > 0 ? value : null;

    private static float? Real(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetSingle(out var value) && float.IsFinite(value) ? value : null;

    /// <summary>One edge, [height, width], or an object with both.</summary>
    private static PixelSize? Size(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.Number } edge => Size(edge, edge),
        { ValueKind: JsonValueKind.Array } pair when pair.GetArrayLength() == 2 => Size(pair[0], pair[1]),
        { ValueKind: JsonValueKind.Object } sides when Member(sides, "height") is { } height && Member(sides, "width") is { } width => Size(height, width),
        _ => null,
    };

    private static PixelSize? Size(JsonElement height, JsonElement width) =>
        height.ValueKind == JsonValueKind.Number && width.ValueKind == JsonValueKind.Number && height.TryGetInt32(out var rows) && width.TryGetInt32(out var columns) && rows > 0 && columns > 0
            ? new PixelSize(columns, rows) : null;

    /// <summary>{"0": "tench", …}: names for 0 … n−1 without a gap, else null.</summary>
    private static string[]? ByIndex(JsonElement names)
    {
        if (names.ValueKind != JsonValueKind.Object) return null;
        var byIndex = new SortedDictionary<int, string>();
        foreach (var name in names.EnumerateObject())
        {
            if (!int.TryParse(name.Name, out var index)) return null;
            byIndex[index] = name.Value.ToString();
        }
        return byIndex.Count > 0 && byIndex.Keys.SequenceEqual(Enumerable.Range(0, byIndex.Count)) ? [.. byIndex.Values] : null;
    }
}
