using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Text;

/// <summary>
/// The words a small model was trained on, from an optional vocabulary.json in its folder: <c>words</c> (a list), <c>synonyms</c> and <c>groups</c>
/// (objects whose names are words too). A model that lists them was not trained on other words.
/// </summary>
internal sealed class KnownWords
{
    private readonly HashSet<string> known;

    private KnownWords(IReadOnlyList<string> words, IEnumerable<string> others)
    {
        Words = words;
        known = new HashSet<string>(words.Concat(others), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The words themselves, without synonyms and groups, in the file's order.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>Whether the label is a listed word, a synonym of one or a group of some; case does not matter.</summary>
    public bool Contains(string label) => known.Contains(label.Trim());

    /// <summary>Null where the folder has no vocabulary.json of this form: the name is common, and other files of that name are not an error.</summary>
    public static KnownWords? Open(ConfigFiles files)
    {
        const string file = "vocabulary.json";
        if (files.Find(file) is not { } path) return null;
        try
        {
            using var document = JsonPart.Load(path);
            var root = JsonPart.Root(document, file);
            string[] words = [.. root["words"].Items.Select(word => word.Text)];
            return new KnownWords(words, Names(root, "synonyms").Concat(Names(root, "groups")));
        }
        catch (Exception error) when (error is ModelRefusedException { MayPass: false } or InvalidOperationException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Names(JsonPart root, string name) => root.Find(name)?.Members.Select(member => member.Key) ?? [];
}
