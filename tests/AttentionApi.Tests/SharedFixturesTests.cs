namespace AttentionApi.Tests;

public class SharedFixturesTests
{
    private static readonly string Repository = Path.Combine(SourceTree.Root, "tests", "fixtures");

    private static IEnumerable<string> Files => Directory.EnumerateFiles(Repository, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Repository, path)).Where(path => path != "README.md");

    [Fact]
    public void References_in_the_repository_are_those_of_the_whole_data()
    {
        if (!SharedFixtures.AreWhole) throw SharedFixtures.Missing("The whole reference data");
        var other = Files.Where(file => !IsInShared(file)).ToList();
        Assert.True(other.Count == 0, $"{other.Count} files differ, the first is {other.FirstOrDefault()}.");
    }

    [Fact]
    public void References_in_the_repository_have_at_most_20_MB() =>
        Assert.True(Files.Sum(file => new FileInfo(Path.Combine(Repository, file)).Length) <= 20_000_000);

    [Fact]
    public void Every_family_has_an_export_in_the_repository()
    {
        foreach (var folder in Directory.GetDirectories(SharedFixtures.RepositoryModels).Where(folder => File.Exists(Path.Combine(folder, "expected.json"))))
        {
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder, "onnx"), "*.onnx"));
        }
    }

    /// <summary>Which exports a run leaves out, in one line instead of hundreds of skipped tests.</summary>
    [Fact]
    public void Every_export_of_the_references_is_tried()
    {
        var missing = FixtureVariant.Listed().Where(variant => !variant.IsPresent).ToList();
        if (missing.Count > 0) throw SharedFixtures.Missing($"{missing.Count} of {FixtureVariant.Listed().Count()} exports, from {missing[0]} to "
            + $"{missing[^1]},");
    }

    private static bool IsInShared(string file)
    {
        var shared = SharedFixtures.InShared("fixtures", file);
        return File.Exists(shared) && File.ReadAllBytes(shared).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Repository, file)));
    }
}
