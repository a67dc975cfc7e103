using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AttentionApi.Core.Bundle;

/// <summary>How a part compares with the same part made again.</summary>
internal enum PartVerdict
{
    Identical,
    /// <summary>Numbers that differ by rounding, or a part that follows from such numbers.</summary>
    Close,
    Different,
    Missing,
    Added,
}

/// <summary>One part of two bundles.</summary>
/// <param name="Name">Inside of the bundle.</param>
/// <param name="Verdict">How they compare.</param>
/// <param name="Detail">By how much; empty where there is nothing to say.</param>
internal sealed record ComparedPart(string Name, PartVerdict Verdict, string Detail);

/// <summary>A bundle against the same one made again.</summary>
internal static class BundleComparison
{
    /// <summary>Of a map's largest value: other machines and numbers of threads round differently; more is another answer.</summary>
    private const double Rounding = 1e-4;

    public static IReadOnlyList<ComparedPart> Of(BundleFile original, BundleFile again)
    {
        List<ComparedPart> parts = [.. original.Manifest.Parts.Select(part => Compare(part.Name, original.Parts[part.Name],
            again.Parts.GetValueOrDefault(part.Name)))];
        parts.AddRange(again.Manifest.Parts.Where(part => !original.Parts.ContainsKey(part.Name)).Select(part => new ComparedPart(part.Name,
            PartVerdict.Added, "not in the file")));
        // Pictures and reports show the numbers: where all of these agree up to rounding, theirs may differ likewise.
        var numbers = parts.Where(part => IsNumbers(part.Name)).ToList();
        var rounded = numbers.Any(part => part.Verdict == PartVerdict.Close) && numbers.All(part => part.Verdict is PartVerdict.Identical or PartVerdict.Close);
        return rounded ? [.. parts.Select(part => part.Verdict == PartVerdict.Different ? part with { Verdict = PartVerdict.Close,
            Detail = "shows rounded numbers" } : part)] : parts;
    }

    private static ComparedPart Compare(string name, byte[] original, byte[]? again)
    {
        if (again is null) return new(name, PartVerdict.Missing, "not made again");
        if (original.AsSpan().SequenceEqual(again)) return new(name, PartVerdict.Identical, "");
        if (name == BundleDescription.Name)
        {
            return IsClose(JsonNode.Parse(original), JsonNode.Parse(again)) ? new(name, PartVerdict.Close, "numbers differ by rounding") : new(name,
                PartVerdict.Different, "");
        }
        if (!IsNumbers(name)) return new(name, PartVerdict.Different, name == BundleVersions.Name ? "made with other versions" : "");
        var (first, second) = (NpyFile.Read(original), NpyFile.Read(again));
        if (first.Length != second.Length) return new(name, PartVerdict.Different, "of another size");
        var largest = first.Max(Math.Abs);
        var apart = first.Zip(second, (one, other) => Math.Abs((double)one - other)).Max();
        return new(name, apart <= Rounding * largest ? PartVerdict.Close : PartVerdict.Different,
            string.Create(CultureInfo.InvariantCulture, $"differs by {apart:0.##e0} where the largest value is {largest:0.##e0}"));
    }

    /// <summary>Equal but for the last digits of numbers.</summary>
    private static bool IsClose(JsonNode? one, JsonNode? other) => (one, other) switch
    {
        (JsonObject first, JsonObject second) => first.Count == second.Count && first.All(member => second.ContainsKey(member.Key) && IsClose(member.Value,
            second[member.Key])),
        (JsonArray first, JsonArray second) => first.Count == second.Count && first.Zip(second, IsClose).All(close => close),
        (JsonValue first, JsonValue second) when first.GetValueKind() == JsonValueKind.Number && second.GetValueKind() == JsonValueKind.Number =>
            Math.Abs((double)first - (double)second) <= Rounding * Math.Max(1, Math.Abs((double)first)),
        _ => JsonNode.DeepEquals(one, other),
    };

    private static bool IsNumbers(string name) => name.EndsWith(".npy", StringComparison.Ordinal) || name == BundleDescription.Name;
}
