using System.Globalization;
using System.Text.RegularExpressions;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Folders;

/// <summary>Where a classifier's files name its classes: <c>id2label</c> or <c>label2id</c> of the configuration, else a text file with a line a class.
/// </summary>
internal static partial class ClassNameFiles
{
    /// <summary>The longest list known (ImageNet-21k, 21,843 names with their synonyms) has under 1 MB.</summary>
    private const long MaxBytes = 16 << 20;

    /// <summary>What examples of timm, torchvision, Caffe and TensorFlow call a list of class names.</summary>
    public static IReadOnlyList<string> TextFiles { get; } =
    [
        "labels.txt", "classes.txt", "class_names.txt", "imagenet_classes.txt", "imagenet_labels.txt", "imagenet1k_labels.txt", "synset.txt",
        "synset_words.txt",
    ];

    /// <summary>In the order of the logits: {"0": "tench", …}, ["tench", …], or {"tench": 0, …}; a class without a name is called by its index. Null where
    /// there are no names, or more gaps than names.</summary>
    public static IReadOnlyList<string>? InConfiguration(JsonPart root) => Listed(root.Find("id2label")) ?? Inverted(root.Find("label2id"));

    /// <summary>A line a class, of the first text file that is there; null where there is none, or it is empty.</summary>
    /// <exception cref="ModelRefusedException">The file is no text, too large or unreadable.</exception>
    public static IReadOnlyList<string>? InText(ConfigFiles files)
    {
        if (TextFiles.Select(files.Find).FirstOrDefault(path => path is not null) is not { } path) return null;
        var lines = JsonFile.ReadText(path, MaxBytes).Split('\n').Select(line => WordNetId().Replace(line, "").Trim()).ToList();
        while (lines.Count > 0 && lines[^1].Length == 0) lines.RemoveAt(lines.Count - 1);
        return lines.Count > 0 ? [.. lines.Select(OrIndex)] : null;
    }

    /// <summary>Names in a list, or by index in an object; null where there are none, or more gaps than names.</summary>
    public static string[]? Listed(JsonPart? names)
    {
        if (names?.AsItems.Select(Name).ToList() is { Count: > 0 } list) return [.. list.Select(OrIndex)];
        var byIndex = new SortedDictionary<int, string>();
        foreach (var (key, name) in names?.AsMembers ?? [])
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return null;
            byIndex[index] = Name(name);
        }
        return Filled(byIndex);
    }

    private static string[]? Inverted(JsonPart? indices)
    {
        var byIndex = new SortedDictionary<int, string>();
        foreach (var (name, value) in indices?.AsMembers ?? [])
        {
            // Written as a number, or as the text of one.
            if (!int.TryParse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return null;
            byIndex.TryAdd(index, name);
        }
        return Filled(byIndex);
    }

    private static string[]? Filled(SortedDictionary<int, string> names) => names.Count == 0 || names.Keys.Last() / 2 >= names.Count
        ? null : [.. Enumerable.Range(0, names.Keys.Last() + 1).Select(index => OrIndex(names.GetValueOrDefault(index, ""), index))];

    private static string Name(JsonPart value) => value.AsText ?? value.ToString();

    private static string OrIndex(string name, int index) => name.Length > 0 ? name : index.ToString(CultureInfo.InvariantCulture);

    /// <summary>ImageNet's lists put the synset before its names: <c>n01440764 tench, Tinca tinca</c>.</summary>
    [GeneratedRegex(@"^n\d{8}[\s,:]+(?=\S)")]
    private static partial Regex WordNetId();
}
