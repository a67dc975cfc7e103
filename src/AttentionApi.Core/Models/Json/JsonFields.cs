using System.Text.Json;

namespace AttentionApi.Core.Models.Json;

/// <summary>
/// The fields of a JSON object in a model folder. A field that is absent or null is null; one of the wrong kind refuses the model with a
/// sentence that names file and field.
/// </summary>
internal readonly struct JsonFields
{
    /// <summary>The largest file read: a config.json with 20,000 class names has about 1 MB.</summary>
    private const long MaxBytes = 16 << 20;

    private readonly JsonElement element;

    private JsonFields(JsonElement element, string file)
    {
        this.element = element;
        File = file;
    }

    public string File { get; }

    /// <summary>The object in that file, or null where there is none of that name.</summary>
    public static JsonFields? Open(ConfigFiles files, string name)
    {
        if (files.Find(name) is not { } path) return null;
        using var document = JsonFile.Parse(path, MaxBytes);
        return Of(document, name);
    }

    /// <summary>The object in a parsed file, which may then be disposed of.</summary>
    public static JsonFields Of(JsonDocument document, string name) => document.RootElement.ValueKind == JsonValueKind.Object
        ? new(document.RootElement.Clone(), name)
        : throw new ModelRefusedException($"{name} does not hold a JSON object; replace it by the one the model came with.");

    public bool Has(string name) => Find(name) is not null;

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Refused(name, "true or false"),
    };

    public string? Text(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) throw Refused(name, "a word");
        return JsonFile.Unicode(File, value.GetString);
    }

    /// <summary>A whole number of pixels from 1 to 8192, also where written as 224.0.</summary>
    public int? Edge(string name) => Find(name) is { } value ? ToEdge(name, value) : null;

    /// <summary>A finite number above zero.</summary>
    public double? Positive(string name)
    {
        if (Find(name) is not { } value) return null;
        return ToNumber(value) is > 0 and var number ? number : throw Refused(name, "a number above 0");
    }

    /// <summary>The part of the resized picture that the crop keeps, from 0.1 to 1.</summary>
    public double? CropShare(string name)
    {
        if (Positive(name) is not { } share) return null;
        return share is >= 0.1 and <= 1 ? share : throw Refused(name, "a number from 0.1 to 1");
    }

    /// <summary>One number for each of red, green and blue; a single number stands for all three.</summary>
    public float[]? Channels(string name, bool positive = false)
    {
        if (Find(name) is not { } value) return null;
        var numbers = (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Take(4).Select(ToNumber) : [ToNumber(value)]).ToArray();
        if (numbers.Length == 1) numbers = [numbers[0], numbers[0], numbers[0]];
        if (numbers.Length != 3 || !numbers.All(number => number is { } n && (positive ? float.IsNormal((float)n) && n > 0 : float.IsFinite((float)n))))
        {
            throw Refused(name, positive ? "three numbers above 0" : "three numbers");
        }
        return [.. numbers.Select(number => (float)number!.Value)];
    }

    /// <summary>Edges listed as an array: height and width, or channels, height and width.</summary>
    public int[] Edges(string name, int length)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != length)
        {
            throw Refused(name, length == 2 ? "a list of height and width" : "a list of channels, height and width");
        }
        var self = this;
        return [.. list.EnumerateArray().Select(value => self.ToEdge(name, value))];
    }

    /// <summary>True where the field is the word true, whatever else other files have under its name.</summary>
    public bool IsTrue(string name) => Find(name) is { ValueKind: JsonValueKind.True };

    public double? Number(string name) => Find(name) is { } value ? ToNumber(value) : null;

    public bool IsObject(string name) => Find(name) is { ValueKind: JsonValueKind.Object };
    public bool IsNumber(string name) => Find(name) is { ValueKind: JsonValueKind.Number };
    public bool IsArray(string name) => Find(name) is { ValueKind: JsonValueKind.Array };

    /// <summary>A nested object, or null where absent.</summary>
    public JsonFields? Object(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonFields(value, File),
        _ => throw Refused(name, "an object"),
    };

    public ModelRefusedException Refused(string name, string wanted)
    {
        var found = Find(name)?.GetRawText() ?? "nothing";
        if (found.Length > 40) found = found[..40] + "…";
        return new ModelRefusedException($"{File}: '{name}' must be {wanted}, but is {found.ReplaceLineEndings(" ")}; correct the file.");
    }

    private JsonElement? Find(string name)
    {
        var self = element;
        return JsonFile.Unicode(File, () => self.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : (JsonElement?)null);
    }

    private int ToEdge(string name, JsonElement value) =>
        ToNumber(value) is >= 1 and <= 8192 and var number && double.IsInteger(number) ? (int)number : throw Refused(name, "whole pixels, from 1 to 8192");

    private static double? ToNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;
}
