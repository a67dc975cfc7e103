using System.Text.Json;
using System.Text.RegularExpressions;

namespace AttentionApi.Tests;

/// <summary>Every array that the references define is compared by a test that names it in full, or has a reason why not.</summary>
public partial class ReferenceCoverageTests
{
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["attnlrp"] = "AttnLRP is not one of the methods; its rules divide the relevance of products, which Libra's do not.",
    };

    [Fact]
    public void Every_array_of_the_references_is_compared_or_has_a_reason()
    {
        var compared = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "tests", "AttentionApi.Tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "ReferenceCoverageTests.cs")
            .Select(File.ReadAllText).Where(source => source.Contains("References", StringComparison.Ordinal) || source.Contains("ReferenceArrays",
                StringComparison.Ordinal))
            .SelectMany(source => Literal().Matches(source).Select(match => match.Groups[1].Value)).ToHashSet();
        var arrays = Files().SelectMany(Names).Distinct().ToList();
        Assert.True(arrays.Count > 100, $"only {arrays.Count} arrays were found");
        Assert.All(arrays, name => Assert.True(compared.Contains(name) || Reasons.ContainsKey(name), $"{name} is compared by no test"));
        Assert.All(Reasons.Keys, name => Assert.True(arrays.Contains(name) && !compared.Contains(name), $"{name} needs no reason"));
    }

    private static IEnumerable<string> Files() => ((string[])["models", "real-vit"])
        .SelectMany(folder => Directory.GetFiles(SharedFixtures.InShared("fixtures", folder), "*.json", SearchOption.AllDirectories))
        .Where(file => Path.GetFileName(file) is "expected.json" or "methods.json" or "attribution.json");

    private static IEnumerable<string> Names(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var arrays = document.RootElement.GetProperty("arrays");
        return arrays.ValueKind == JsonValueKind.Object ? [.. arrays.EnumerateObject().Select(array => array.Name)]
            : (string[])[.. arrays.EnumerateArray().Select(array => array.GetProperty("name").GetString()!)];
    }

    [GeneratedRegex("\"([A-Za-z0-9_.-]+)\"")]
    private static partial Regex Literal();
}
