using System.Text.Json;

namespace AttentionApi.Core.Models.Json;

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

    /// <summary>Parses a whole file; dispose of the document when it has been read.</summary>
    public static JsonDocument Load(string path) => JsonFile.Parse(path, MaxBytes);

    public static JsonPart Root(JsonDocument document, string file) => new(document.RootElement, file + ":");

    public JsonPart this[string name] => Find(name) ?? throw Refused($"'{name}' is missing");

    /// <summary>The member of that name, or null where it is absent, null, or this is no object.</summary>
    public JsonPart? Find(string name)
    {
        var (self, inside) = (element, $"{place} {name}");
        return self.ValueKind != JsonValueKind.Object ? null
            : JsonFile.Unicode(place, () => self.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
                ? new JsonPart(value, inside) : (JsonPart?)null);
    }

    public string Type => this["type"].Text;

    public string Text
    {
        get
        {
            if (element.ValueKind != JsonValueKind.String) throw Refused("must be a text");
            var self = element;
            return JsonFile.Unicode(place, () => self.GetString()!);
        }
    }

    /// <summary>A token id. The limit keeps a hostile file from asking for arrays of gigabytes.</summary>
    public int Id => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var id) && id is >= 0 and < 1 << 24
        ? id
        : throw Refused("must be a token id, a whole number from 0 to 16777215");

    public double Number => AsNumber ?? throw Refused("must be a finite number");

    public double? AsNumber => element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    public string? AsText => element.ValueKind == JsonValueKind.String ? Text : null;

    /// <summary>A whole number above zero.</summary>
    public int? AsCount => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var count) && count > 0 ? count : null;

    /// <summary>An array or an object that holds nothing.</summary>
    public bool IsEmpty => element.ValueKind is JsonValueKind.Array or JsonValueKind.Object && !AsItems.Any() && !AsMembers.Any();

    /// <summary>The elements where this is an array, else none.</summary>
    public IEnumerable<JsonPart> AsItems => element.ValueKind == JsonValueKind.Array ? Items : [];

    /// <summary>The members where this is an object, else none.</summary>
    public IEnumerable<KeyValuePair<string, JsonPart>> AsMembers => element.ValueKind == JsonValueKind.Object ? Members : [];

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
            return element.EnumerateObject().Select(member =>
                KeyValuePair.Create(JsonFile.Unicode(inside, () => member.Name), new JsonPart(member.Value, inside)));
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

    /// <summary>The value as it is written.</summary>
    public override string ToString() => element.ToString();

    public ModelRefusedException Refused(string what) => new($"{place} {what}.");
}
