using System.Globalization;
using System.Text;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Scoring;

/// <summary>Finds classes of a classifier by the name, one of the comma-separated synonyms in it, the index, or a word of the name.</summary>
internal sealed class ClassIndex
{
    /// <summary>Classes that a refusal lists.</summary>
    private const int Listed = 5;

    private readonly ModelFacts model;
    private readonly IReadOnlyList<string> names;

    /// <summary>What a label may equal, in the order in which it is tried: the exact spelling of a name wins, and a whole name wins over another class'
    /// synonym.</summary>
    private readonly (Func<string, string> Spell, Dictionary<string, int> First, HashSet<string> Ambiguous)[] spellings;

    /// <exception cref="ArgumentException">The model is no classifier.</exception>
    public ClassIndex(ModelFacts model)
    {
        this.model = model;
        names = model.ClassNames ?? throw new ArgumentException("The model is no classifier.", nameof(model));
        spellings =
        [
            .. Spellings(name => [name]),
            .. Spellings(Synonyms),
        ];
    }

    /// <summary>The index of the class that a label calls.</summary>
    /// <param name="parameter">That holds the label, for messages.</param>
    /// <param name="label">As sent.</param>
    /// <param name="warnings">Told where several classes are called so.</param>
    /// <exception cref="UnknownClassException">There is no such class; those with the word in their name, or the nearest, are named.</exception>
    public int Find(string parameter, string label, ICollection<string> warnings)
    {
        foreach (var (spell, first, ambiguous) in spellings)
        {
            if (!first.TryGetValue(spell(label), out var found)) continue;
            if (ambiguous.Contains(spell(label)))
                warnings.Add(string.Create(CultureInfo.InvariantCulture,
                    $"Several classes are called '{label}'; class {found}, '{names[found]}', is taken: use an index to choose."));
            return found;
        }
        if (int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < names.Count) return index;
        var similar = Search(label);
        throw new UnknownClassException(parameter, $"The model has no class '{Words.Shown(label)}'; {Meant(label, similar)}. Use a class name, one of its "
            + $"synonyms, or an index from 0 to {names.Count - 1}.", model.Id, unlisted: Math.Max(similar.Count - Listed, 0));
    }

    /// <summary>Whether a label calls this class; false, too, where it calls none.</summary>
    public bool Finds(string label, int index)
    {
        foreach (var (spell, first, _) in spellings)
        {
            if (first.TryGetValue(spell(label), out var found)) return found == index;
        }
        return int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == index;
    }

    /// <summary>Classes that a text may mean, the best first: equal names, then names with it as a word, as the start of a word, anywhere; equals by index.
    /// Neither case nor accents count beyond the first of these. An empty text means all.</summary>
    public IReadOnlyList<int> Search(string text)
    {
        var plain = Plain(text);
        int? RankOf(string name) => name.Equals(text, StringComparison.Ordinal) ? 0 : Rank(Plain(name), plain);
        return [.. Enumerable.Range(0, names.Count).Select(index => (Index: index, Rank: RankOf(names[index]))).Where(one => one.Rank is not null)
            .OrderBy(one => one.Rank).Select(one => one.Index)];
    }

    private string Meant(string label, IReadOnlyList<int> found)
    {
        if (found.Count == 0) return $"the nearest is '{Nearest.Name(label, names.SelectMany(Synonyms))}'";
        var shown = string.Join(", ", found.Take(Listed).Select(index => $"'{Words.Shown(names[index])}'"));
        var more = found.Count > Listed
            ? string.Create(CultureInfo.InvariantCulture, $" and {found.Count - Listed} more") : "";
        return $"{(found.Count == 1 ? "a class" : "classes")} with it in the name: {shown}{more}";
    }

    /// <summary>As it is written, in any case, and without its accents.</summary>
    private IEnumerable<(Func<string, string>, Dictionary<string, int>, HashSet<string>)> Spellings(Func<string, IEnumerable<string>> of)
    {
        foreach (var spell in (Func<string, string>[])[text => text, text => text.ToUpperInvariant(), Plain])
        {
            var (first, ambiguous) = (new Dictionary<string, int>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
            for (var index = 0; index < names.Count; index++)
            {
                foreach (var spelling in of(names[index]).Select(spell))
                {
                    if (!first.TryAdd(spelling, index) && first[spelling] != index) ambiguous.Add(spelling);
                }
            }
            yield return (spell, first, ambiguous);
        }
    }

    /// <summary>Upper case without accents, as typed on a keyboard that lacks them.</summary>
    private static string Plain(string text)
    {
        if (Ascii.IsValid(text)) return text.ToUpperInvariant();
        var letters = text.Normalize(NormalizationForm.FormD).Where(letter => CharUnicodeInfo.GetUnicodeCategory(letter) != UnicodeCategory.NonSpacingMark);
        return string.Concat(letters).ToUpperInvariant().Replace("ß", "SS", StringComparison.Ordinal);
    }

    private static string[] Synonyms(string name) => name.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Lower is better; null where the text is not in the name. Both plain.</summary>
    private static int? Rank(string name, string text)
    {
        if (Synonyms(name).Contains(text)) return 1;
        int? best = text.Length == 0 ? 0 : null;
        for (var at = name.IndexOf(text, StringComparison.Ordinal); at >= 0 && text.Length > 0; at = name.IndexOf(text, at + 1, StringComparison.Ordinal))
        {
            var (starts, ends) = (at == 0 || !char.IsLetterOrDigit(name[at - 1]), at + text.Length == name.Length
                || !char.IsLetterOrDigit(name[at + text.Length]));
            best = Math.Min(best ?? int.MaxValue, (starts, ends) switch { (true, true) => 2, (true, false) => 3, _ => 4 });
        }
        return best;
    }
}

/// <summary>A label calls no class of the model.</summary>
/// <param name="model">The model's id.</param>
/// <param name="unlisted">Further classes with the label in their name, which the message leaves out.</param>
internal sealed class UnknownClassException(string parameter, string message, string model, int unlisted) : ParameterException(parameter, message)
{
    public string Model { get; } = model;
    public int Unlisted { get; } = unlisted;
}
