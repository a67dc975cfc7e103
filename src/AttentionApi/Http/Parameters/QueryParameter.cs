using System.Globalization;

namespace AttentionApi.Http.Parameters;

/// <summary>How a parameter's value is written in the OpenAPI document.</summary>
public enum ValueType { Text, Word, Integer, Number, Flag }

/// <summary>
/// One query parameter. The table of them (<see cref="Query"/>) is the one source for parsing, for the ranges of <c>/methods</c>, for the command line and for OpenAPI.
/// </summary>
public abstract record QueryParameter(string Name, ValueType Type, string Range, string Description)
{
    /// <summary>What an absent parameter means, in words; for values, as they would be written in the query.</summary>
    public abstract string DefaultText { get; }

    /// <summary>False where the default depends on the model, the method or the request.</summary>
    public abstract bool HasDefault { get; }

    /// <summary>The words it takes, lower case; empty where it takes no words.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];
    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public bool MaximumExcluded { get; init; }
    public double? Step { get; init; }
    public bool Repeatable { get; init; }

    /// <summary>True where only some methods use it; they list it in their MethodInfo.</summary>
    public bool ByMethod { get; init; }

    /// <summary>A value that shows how it is written, prefilled in Swagger UI.</summary>
    public string? Example { get; init; }

    /// <summary>Reads the non-empty values given for it.</summary>
    /// <exception cref="ProblemException">400: the value is not in the range.</exception>
    internal abstract object Parse(IReadOnlyList<string> texts);

    public ProblemException Wrong(string detail) => ProblemException.BadParameter(Name, detail);
}

/// <param name="Default">The value where the parameter is absent; null where it depends on the model or the method.</param>
public sealed record QueryParameter<T>(string Name, ValueType Type, string Range, string Description, T Default) : QueryParameter(Name, Type, Range, Description)
{
    /// <summary>From the given texts (one, where the parameter can't be repeated) to the value; throws <see cref="FormatException"/> with what it should be.</summary>
    public required Func<IReadOnlyList<string>, T> Parser { get; init; }

    /// <summary>The default in words, where <see cref="Default"/> says nothing to people.</summary>
    internal string? DefaultWords { get; init; }

    public override bool HasDefault => DefaultWords is null ? Default is not null : Words.Contains(DefaultWords);

    public override string DefaultText => DefaultWords ?? Default switch
    {
        null => "none",
        Enum word => word.Word(),
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Default.ToString()!,
    };

    internal override object Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count > 1 && !Repeatable) throw Wrong($"{Name} is given {texts.Count} times; give it once.");
        try
        {
            return Parser(texts)!;
        }
        catch (FormatException wrong)
        {
            throw Wrong(wrong.Message);
        }
    }
}
