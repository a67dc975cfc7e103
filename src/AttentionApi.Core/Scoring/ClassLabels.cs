using System.Globalization;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Scoring;

/// <summary>A classifier's labels: a class is called by its name, by one of the synonyms in it, or by its index.</summary>
internal sealed class ClassLabels
{
    private readonly IReadOnlyList<string> names;
    private readonly Dictionary<string, int> synonyms = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> ambiguous = new(StringComparer.OrdinalIgnoreCase);

    public ClassLabels(ModelFacts model)
    {
        names = model.ClassNames ?? throw new ArgumentException("The model is no classifier.", nameof(model));
        for (var index = 0; index < names.Count; index++)
        {
            foreach (var synonym in names[index].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!synonyms.TryAdd(synonym, index) && synonyms[synonym] != index) ambiguous.Add(synonym);
            }
        }
        // A whole name wins over another class' synonym.
        for (var index = names.Count - 1; index >= 0; index--) synonyms[names[index]] = index;
    }

    /// <summary>The index of the class that a label calls.</summary>
    /// <exception cref="ParameterException">There is no such class; the nearest is named.</exception>
    public int Find(string parameter, string label, ICollection<string> warnings)
    {
        if (synonyms.TryGetValue(label, out var index))
        {
            if (ambiguous.Contains(label)) warnings.Add($"Several classes are called '{label}'; taken is class {index.ToString(CultureInfo.InvariantCulture)}, '{names[index]}': use an index to choose.");
            return index;
        }
        if (int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < names.Count) return index;
        throw new ParameterException(parameter,
            $"The model has no class '{Words.Shown(label)}'; the nearest is '{Nearest.Name(label, synonyms.Keys)}'. Use a class name, one of its synonyms, or an index from 0 to {names.Count - 1}.");
    }
}
