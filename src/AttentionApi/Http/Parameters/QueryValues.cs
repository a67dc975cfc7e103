using Microsoft.Extensions.Primitives;

namespace AttentionApi.Http.Parameters;

/// <summary>The parameters of one call, each read and in its range; what depends on the model is checked later.</summary>
public sealed class QueryValues
{
    private readonly Dictionary<string, object> values = new(StringComparer.OrdinalIgnoreCase);

    private QueryValues() { }

    /// <summary>Reads a query. Names are matched without regard to case; an empty value counts as absent.</summary>
    /// <param name="query">Names and values as sent.</param>
    /// <param name="taken">The parameters that the endpoint takes, with its defaults; others of the table are read too, so that a wrong one is never passed over.</param>
    /// <exception cref="ProblemException">400: an unknown name, a name given twice, or a value that is not in its range.</exception>
    public static QueryValues Read(IEnumerable<KeyValuePair<string, StringValues>> query, IReadOnlyList<QueryParameter> taken)
    {
        var read = new QueryValues();
        foreach (var (name, texts) in query)
        {
            var parameter = Find(taken, name) ?? Find(Query.All, name) ?? throw Unknown(name);
            string[] given = [.. texts.Select(text => parameter.Repeatable ? text : text?.Trim()).Where(text => !string.IsNullOrEmpty(text))!];
            if (given.Length > 0) read.values.Add(parameter.Name, parameter.Parse(given));
        }
        return read;
    }

    /// <summary>The value given, else the parameter's default.</summary>
    public T Get<T>(QueryParameter<T> parameter) => values.TryGetValue(parameter.Name, out var value) ? (T)value : parameter.Default;

    public bool Has(QueryParameter parameter) => values.ContainsKey(parameter.Name);

    /// <summary>The names that were given a value.</summary>
    public IEnumerable<string> Given => values.Keys;

    private static QueryParameter? Find(IReadOnlyList<QueryParameter> table, string name) =>
        table.FirstOrDefault(parameter => parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static ProblemException Unknown(string name) => ProblemException.BadParameter(Parameter.Shown(name),
        $"There is no parameter '{Parameter.Shown(name)}'; the nearest is '{Nearest.Name(name, Query.All.Select(parameter => parameter.Name))}'.");
}
