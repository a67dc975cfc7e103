using System.Globalization;

namespace AttentionApi.Tests;

/// <summary>Code can be read without scrolling sideways: its lines keep to the length that .editorconfig names.</summary>
public class LineLengthTests
{
    [Theory, InlineData("src", "*.cs"), InlineData("tests", "*.cs"), InlineData("samples", "*.cs"), InlineData("client", "*.js"), InlineData("client", "*.css")]
    public void Lines_are_no_longer_than_the_editorconfig_allows(string folder, string files)
    {
        var most = Limit();
        var tooLong = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, folder), files, SearchOption.AllDirectories)
            .Where(file => !IsForeign(Path.GetRelativePath(SourceTree.Root, file)))
            .SelectMany(file => File.ReadLines(file).Select((line, i) => (File: Path.GetRelativePath(SourceTree.Root, file), Line: i + 1, line.Length)))
            .Where(line => line.Length > most)
            .Select(line => $"{line.File}:{line.Line} has {line.Length} characters")
            .ToList();
        Assert.True(tooLong.Count == 0, string.Join(Environment.NewLine, tooLong));
    }

    private static int Limit()
    {
        const string name = "max_line_length = ";
        var line = File.ReadLines(Path.Combine(SourceTree.Root, ".editorconfig")).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return int.Parse(line[name.Length..], CultureInfo.InvariantCulture);
    }

    // Build output and packages are not ours.
    private static bool IsForeign(string file) => file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules");
}
