using System.Text.Json;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Text;

/// <summary>
/// A value inside an untrusted JSON file. Every access that does not find what it needs throws <see cref="ModelRefusedException"/>
/// with the file and the place, so that readers of the file need no checks of their own.
/// </summary>
internal readonly struct JsonPart
{
    /// <summary>The largest tokenizer.json known (262,144 tokens) has 34 MB.</summary>
    private const long MaxBytes = 64L << 20;

    private const int MaxSteps = 16;

    private readonly JsonElement element;
    private readonly string place;

    private JsonPart(JsonElement element, string place) => (this.element, this.place) = (element, place);

    /// <summary>Parses a whole file; the parser refuses nesting deeper than 64.</summary>
    public static JsonDocument Load(string folder, string file)
    {
        using var stream = OpenFile(folder, file);
        try
        {
            return JsonDocument.Parse(stream);
        }
        catch (JsonException error)
        {
            throw new ModelRefusedException($"{file}: not valid JSON ({error.Message.TrimEnd('.')}).", error);
        }
    }

    /// <exception cref="ModelRefusedException">The file is unreadable or larger than any real one.</exception>
    public static Stream OpenFile(string folder, string file)
    {
        try
        {
            var stream = File.OpenRead(Path.Combine(folder, file));
            if (stream.Length <= MaxBytes) return stream;
            stream.Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelRefusedException($"{file}: cannot be read.", error);
        }
        throw new ModelRefusedException($"{file}: larger than the {MaxBytes >> 20} MiB that are allowed.");
    }

    public static JsonPart Root(JsonDocument document, string file) => new(document.RootElement, file + ":");

    public JsonPart this[string name] => Find(name) ?? throw Refused($"'{name}' is missing");

    /// <summary>The member of that name, or null where it is absent, null, or this is no object.</summary>
    public JsonPart? Find(string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new(value, $"{place} {name}")
            : null;

    public string Type => this["type"].Text;

    public string Text
    {
        get
        {
            if (element.ValueKind != JsonValueKind.String) throw Refused("must be a text");
            try
            {
                return element.GetString()!;
            }
            catch (InvalidOperationException)
            {
                throw Refused("holds broken Unicode");
            }
        }
    }

    /// <summary>A token id. The limit keeps a hostile file from asking for arrays of gigabytes.</summary>
    public int Id => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var id) && id is >= 0 and < 1 << 24
        ? id
        : throw Refused("must be a token id, a whole number from 0 to 16777215");

    public double Number => AsNumber ?? throw Refused("must be a finite number");

    public double? AsNumber => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    public string? AsText => element.ValueKind == JsonValueKind.String ? Text : null;

    public bool Flag(string name, bool absent) => Find(name) is not { } flag
        ? absent
        : flag.element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw flag.Refused("must be true or false"),
        };

    /// <summary>The elements of an array.</summary>
    public IEnumerable<JsonPart> Items
    {
        get
        {
            if (element.ValueKind != JsonValueKind.Array) throw Refused("must be a list");
            var inside = place;
            return element.EnumerateArray().Select(item => new JsonPart(item, inside));
        }
    }

    /// <summary>The members of an object; of a repeated name each occurrence.</summary>
    public IEnumerable<KeyValuePair<string, JsonPart>> Members
    {
        get
        {
            if (element.ValueKind != JsonValueKind.Object) throw Refused("must be an object");
            var inside = place;
            return element.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, new JsonPart(member.Value, inside)));
        }
    }

    /// <summary>
    /// This part as a flat list of steps: where its type is "Sequence", the steps listed under <paramref name="list"/>, at any depth.
    /// At most 16, so that a hostile file cannot make each label run through a million of them.
    /// </summary>
    public IReadOnlyList<JsonPart> Steps(string list)
    {
        var steps = Flatten(list).Take(MaxSteps + 1).ToList();
        return steps.Count <= MaxSteps ? steps : throw Refused($"has more than {MaxSteps} steps");
    }

    private IEnumerable<JsonPart> Flatten(string list) => Type == "Sequence" ? this[list].Items.SelectMany(step => step.Flatten(list)) : [this];

    public ModelRefusedException Refused(string what) => new($"{place} {what}.");
}
