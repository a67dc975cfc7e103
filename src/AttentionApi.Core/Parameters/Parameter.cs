namespace AttentionApi.Core.Parameters;

/// <summary>How a parameter's value is written.</summary>
internal enum ParameterKind { Text, Word, Integer, Number, Flag }

/// <summary>What an explanation becomes. Some parameters matter to some of these only.</summary>
[Flags]
internal enum Outputs
{
    Predictions = 1,
    Json = 2,
    Overlay = 4,
    Animation = 8,
    Grid = 16,
    Tensors = 32,
    Regions = 64,
    Evidence = 128,
    Compare = 256,
    All = 511,
    /// <summary>Those that show the picture.</summary>
    Drawn = Overlay | Animation | Grid | Evidence | Compare,
}

/// <summary>What of a model limits the values of parameters.</summary>
/// <param name="Model">The model's id, for messages.</param>
/// <param name="Layers">L, the number of layers.</param>
/// <param name="Heads">H, the number of heads in a layer.</param>
/// <param name="Rows">Rows of patches.</param>
/// <param name="Columns">Patches in a row.</param>
/// <param name="HasCls">True where token 0 is a CLS token.</param>
internal sealed record ModelScope(string Model, int Layers, int Heads, int Rows, int Columns, bool HasCls);

/// <summary>
/// The declaration of one parameter: the one source for parsing, for ranges and defaults in <c>/methods</c>, OpenAPI, the command line and the page, and for
/// the values that an answer echoes.
/// </summary>
/// <param name="Name">As it is written in a query, on the command line and in answers.</param>
/// <param name="Kind">How its value is written.</param>
/// <param name="Range">Its values, in words.</param>
/// <param name="Description">What it does.</param>
internal abstract record Parameter(string Name, ParameterKind Kind, string Range, string Description)
{
    /// <summary>What an absent parameter means, in words; for values, as they would be written.</summary>
    public abstract string DefaultText { get; }

    /// <summary>False where the default depends on the model, the method or the request.</summary>
    public abstract bool HasDefault { get; }

    /// <summary>The words it takes; empty where it takes no words.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>What a control for it is called: words for people who do not know the method.</summary>
    public string Title { get; init; } = ForPeople(Name);

    /// <summary>The same of each of <see cref="Words"/>.</summary>
    public IReadOnlyList<string> WordTitles
    {
        get => field ?? [.. Words.Select(ForPeople)];
        init;
    }

    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public bool MaximumExcluded { get; init; }
    public double? Step { get; init; }
    public bool Repeatable { get; init; }

    /// <summary>
    /// A second name, whose texts are one value each, commas and all; null where there is none. Such a text reaches the parser as a quoted field.
    /// </summary>
    public string? VerbatimName { get; init; }

    /// <summary>The outputs that take it.</summary>
    internal Outputs For { get; init; } = Outputs.All;

    /// <summary>
    /// True where it is an error, rather than a warning, to give it to a method that does not use it: the caller would miss what it adds.
    /// </summary>
    public bool RefusedWhereUnused { get; init; }

    /// <summary>A value that shows how it is written.</summary>
    public string? Example { get; init; }

    /// <summary>Reads the non-empty texts given for it.</summary>
    /// <exception cref="ParameterException">The value is not in its range.</exception>
    internal abstract object Parse(IReadOnlyList<string> texts);

    /// <summary>The effective value for a model: the one given, else the model's default; checked against the model's limits.</summary>
    /// <exception cref="ParameterException">The model has no such layer, head, patch …</exception>
    internal abstract object? Settle(object? given, ModelScope model);

    public ParameterException Wrong(string message) => new(Name, message);

    /// <summary>"prefixMass" is "Prefix mass".</summary>
    private static string ForPeople(string name) => string.Concat(name.Select((letter, index) => index == 0 ? char.ToUpperInvariant(letter).ToString()
        : char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter.ToString()));
}

/// <param name="Default">The value where the parameter is absent; null where it depends on the model or the request.</param>
internal sealed record Parameter<T>(string Name, ParameterKind Kind, string Range, string Description, T Default) : Parameter(Name, Kind, Range, Description)
{
    /// <summary>From the given texts (one, where the parameter cannot be repeated) to the value; throws <see cref="FormatException"/> with what it should
    /// be.</summary>
    public required Func<IReadOnlyList<string>, T> Parser { get; init; }

    /// <summary>From the value given (or <see cref="Default"/>) to the effective one for a model; throws <see cref="FormatException"/> where the model has no
    /// such thing.</summary>
    public Func<T, ModelScope, T>? ForModel { get; init; }

    /// <summary>The default in words, where <see cref="Default"/> says nothing to people.</summary>
    public string? DefaultWords { get; init; }

    public override bool HasDefault => DefaultWords is null ? Default is not null : Words.Contains(DefaultWords);

    public override string DefaultText => DefaultWords ?? (Default is null ? "none" : Parameters.Words.Written(Default));

    internal override object Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count > 1 && !Repeatable) throw Wrong($"{Name} is given {texts.Count} times; give it once.");
        return Guarded(() => (object)Parser(texts)!);
    }

    internal override object? Settle(object? given, ModelScope model)
    {
        var value = given is null ? Default : (T)given;
        return ForModel is { } forModel ? Guarded(() => (object?)forModel(value, model)) : value;
    }

    private TResult Guarded<TResult>(Func<TResult> read)
    {
        try
        {
            return read();
        }
        catch (FormatException wrong)
        {
            throw Wrong(wrong.Message);
        }
    }
}
