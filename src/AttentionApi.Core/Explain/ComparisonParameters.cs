using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain;

/// <summary>What is set side by side: several methods of one model, or several models by one method.</summary>
internal sealed class ComparisonParameters(ParameterTable table)
{
    public Parameter<IReadOnlyList<Explainer>> Methods { get; } = new("methods", ParameterKind.Text, "comma-separated methods, at most 8",
        "The methods to set side by side; each uses the parameters that it supports.", [])
    {
        Parser = texts => [.. Names("methods", texts).Select(name => table.Registry.Find(name) ?? throw new FormatException(
            $"methods names '{Words.Shown(name)}'; the nearest is '{Nearest.Name(name, table.Registry.All.Select(one => one.Info.Name))}'."))],
        Repeatable = true, DefaultWords = "method alone", Example = "rollout,libra",
    };

    public Parameter<IReadOnlyList<string>> Models { get; } = new("models", ParameterKind.Text, "comma-separated ids, at most 8",
        "The models to set side by side, by one method; in place of 'model'.", [])
    {
        Parser = texts => Names("models", texts), Repeatable = true, DefaultWords = "model alone", Example = "clip,siglip",
    };

    public IEnumerable<Parameter> All => [Methods, Models, .. table.Explaining(Outputs.Compare)];

    /// <summary>One call for each explanation: the model asked for (null: as 'model' says), and its parameters.</summary>
    /// <exception cref="ParameterException">There is nothing to compare, or too much.</exception>
    public IReadOnlyList<(string? Model, ParameterValues Given)> Calls(ParameterValues given)
    {
        var (methods, models) = (given.Get(Methods), given.Get(Models));
        if (methods.Count > 1 && models.Count > 1) throw Models.Wrong("Compare several methods, or several models by one method, not both at once.");
        if (methods.Count > 0 && given.Has(table.Method)) throw Methods.Wrong("Give 'method' or 'methods', not both.");
        if (methods.Count < 2 && models.Count < 2) throw Methods.Wrong("A comparison needs two methods or two models at least: give 'methods' or 'models'.");
        if (models.Count > 1) return [.. models.Select(model => ((string?)model, methods is [var only] ? given.With(table.Method, only) : given))];
        return [.. methods.Select(method => (models is [var only] ? only : null, given.With(table.Method, method)))];
    }

    private static string[] Names(string parameter, IReadOnlyList<string> texts)
    {
        string[] names = [.. texts.SelectMany(Csv.Split).Where(name => name.Length > 0)];
        if (names.Length > Comparison.MostEntries)
            throw new FormatException($"{parameter} names {names.Length}; at most {Comparison.MostEntries} are set side by side.");
        return names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new FormatException($"{parameter} names '{Words.Shown(twice.Key)}' twice; give each once.") : names;
    }
}
