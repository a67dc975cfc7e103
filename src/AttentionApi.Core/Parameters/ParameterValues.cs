namespace AttentionApi.Core.Parameters;

/// <summary>The parameters of one call, each read and in its range. Immutable.</summary>
internal sealed class ParameterValues
{
    private readonly Dictionary<string, object> values;

    private ParameterValues(Dictionary<string, object> values) => this.values = values;

    /// <summary>Every parameter absent.</summary>
    public static ParameterValues None { get; } = new([]);

    /// <summary>Reads names and texts. Names are matched without regard to case; an empty text counts as absent. A list may be written with brackets behind its
    /// name, one value a text.</summary>
    /// <param name="given">Names and their texts, as sent.</param>
    /// <param name="taken">The parameters that the caller takes, with its own defaults.</param>
    /// <param name="known">Every parameter there is: those not taken are read too, so that a wrong value is never passed over.</param>
    /// <exception cref="ParameterException">An unknown name, a name given twice, or a value that is not in its range.</exception>
    public static ParameterValues Read(IEnumerable<KeyValuePair<string, IEnumerable<string?>>> given, IReadOnlyList<Parameter> taken,
        IReadOnlyList<Parameter> known)
    {
        var texts = new Dictionary<Parameter, List<string>>();
        foreach (var (sentName, sent) in given)
        {
            var (name, asArray) = WithoutBrackets(sentName);
            var parameter = Find(taken, name) ?? Find(known, name) ?? throw Unknown(name, known);
            if (asArray && !parameter.Repeatable) throw Unknown(sentName, known);
            var verbatim = parameter.VerbatimName is { } other && (asArray || name.Equals(other, StringComparison.OrdinalIgnoreCase));
            var filled = sent.Select(text => parameter.Repeatable ? text : text?.Trim()).Where(text => !string.IsNullOrEmpty(text)).Select(text =>
                verbatim ? Csv.Quote(text!) : text!).ToArray();
            if (filled.Length == 0) continue;
            if (texts.TryGetValue(parameter, out var before)) before.AddRange(filled);
            else texts.Add(parameter, [.. filled]);
        }
        return new(texts.ToDictionary(pair => pair.Key.Name, pair => pair.Key.Parse(pair.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Some clients (axios, PHP) write the name of a list with brackets behind it.</summary>
    private static (string Name, bool AsArray) WithoutBrackets(string name) =>
        name.EndsWith("[]", StringComparison.Ordinal) ? (name[..^2], true) : (name, false);

    /// <summary>The value given, else the parameter's default.</summary>
    public T Get<T>(Parameter<T> parameter) => values.TryGetValue(parameter.Name, out var value) ? (T)value : parameter.Default;

    /// <summary>The value given, boxed; null where it is absent.</summary>
    public object? Find(Parameter parameter) => values.GetValueOrDefault(parameter.Name);

    /// <summary>True where a value is given.</summary>
    public bool Has(Parameter parameter) => values.ContainsKey(parameter.Name);

    /// <summary>The values of these parameters alone.</summary>
    public ParameterValues Only(IEnumerable<Parameter> parameters) =>
        new(parameters.Where(Has).DistinctBy(parameter => parameter.Name).ToDictionary(parameter => parameter.Name, parameter =>
            values[parameter.Name], StringComparer.OrdinalIgnoreCase));

    /// <summary>The same with another value; null takes it away.</summary>
    public ParameterValues With<T>(Parameter<T> parameter, T value)
    {
        var changed = new Dictionary<string, object>(values, StringComparer.OrdinalIgnoreCase);
        if (value is null) changed.Remove(parameter.Name);
        else changed[parameter.Name] = value;
        return new(changed);
    }

    /// <summary>
    /// The effective values of these parameters for a model: absent ones have their defaults, those that are not listed are absent. Of several with one name
    /// the last counts, also where it leaves the value open.
    /// </summary>
    /// <exception cref="ParameterException">The model has no such layer, head, patch …</exception>
    public ParameterValues Settle(IEnumerable<Parameter> parameters, ModelScope model)
    {
        var settled = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        foreach (var parameter in parameters)
        {
            if (parameter.Settle(Find(parameter), model) is { } value) settled[parameter.Name] = value;
            else settled.Remove(parameter.Name);
        }
        return new(settled);
    }

    private static Parameter? Find(IReadOnlyList<Parameter> table, string name) =>
        table.FirstOrDefault(parameter => parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            || name.Equals(parameter.VerbatimName, StringComparison.OrdinalIgnoreCase));

    private static ParameterException Unknown(string name, IReadOnlyList<Parameter> known) => new(Words.Shown(name),
        $"There is no parameter '{Words.Shown(name)}'; the nearest is '{Nearest.Name(name, known.Select(parameter => parameter.Name))}'.");
}
