using System.Text.Json;
using System.Text.RegularExpressions;

namespace AttentionApi.Tests;

/// <summary>NOTICE names everything that the published program contains, with its licence, and the texts lie beside the program.</summary>
public sealed partial class NoticeTests
{
    private static readonly string Built = AppContext.BaseDirectory;

    private static string Notice => File.ReadAllText(Path.Combine(Built, "NOTICE"));

    [Fact]
    public void Every_package_in_the_program_is_named_with_its_licence()
    {
        var named = Row().Matches(Notice).ToDictionary(row => row.Groups["name"].Value, row => row.Groups["licence"].Value);
        foreach (var (name, version) in Shipped())
        {
            Assert.True(named.TryGetValue(name, out var licence), $"NOTICE does not name {name}.");
            var folder = Path.Combine(Packages(), name.ToLowerInvariant(), version);
            var manifest = File.ReadAllText(Path.Combine(folder, $"{name.ToLowerInvariant()}.nuspec"));
            if (Expression().Match(manifest) is { Success: true } match) Assert.Equal((name, match.Groups["licence"].Value), (name, licence));
            // Others bring a text: that of ONNX Runtime, which has changed before.
            else Assert.StartsWith($"{licence} License", File.ReadAllText(Directory.GetFiles(folder, "LICENSE*").Single()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_text_that_NOTICE_refers_to_lies_beside_the_program()
    {
        var files = Reference().Matches(Notice).Select(match => match.Value).Distinct().ToList();
        Assert.All(["licenses/LGPL-3.0.txt", "licenses/GPL-3.0.txt", "fonts/LICENSE"], file => Assert.Contains(file, files));
        Assert.All(files, file => Assert.True(new FileInfo(Path.Combine(Built, file)) is { Exists: true, Length: > 200 }, file));
    }

    [Fact]
    public void Every_library_under_the_LGPL_is_named()
    {
        var rows = File.ReadLines(Path.Combine(Built, "licenses", "libvips-notices.md")).Select(line => line.Split('|')).Where(cells => cells.Length > 2);
        string[] libraries = [.. rows.Where(cells => cells[2].Contains("LGPL", StringComparison.Ordinal)).Select(cells => cells[1].Trim())];
        Assert.Contains("glib", libraries);
        Assert.All(libraries, library => Assert.Matches($@"\b{Regex.Escape(library)}\b", Notice));
    }

    /// <summary>Packages of which a file travels with the program.</summary>
    private static IEnumerable<(string Name, string Version)> Shipped()
    {
        using var dependencies = JsonDocument.Parse(File.ReadAllText(Path.Combine(Built, "AttentionApi.deps.json")));
        var libraries = dependencies.RootElement.GetProperty("libraries");
        var target = dependencies.RootElement.GetProperty("targets").EnumerateObject().First().Value;
        return [.. target.EnumerateObject()
            .Where(entry => libraries.GetProperty(entry.Name).GetProperty("type").GetString() == "package")
            .Where(entry => entry.Value.TryGetProperty("runtime", out _) || entry.Value.TryGetProperty("runtimeTargets", out _))
            .Select(entry => entry.Name.Split('/')).Select(parts => (parts[0], parts[1]))];
    }

    private static string Packages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    [GeneratedRegex(@"^\| (?<name>[\w.-]+) \| (?<licence>[\w.-]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("""<license type="expression">(?<licence>[^<]+)</license>""")]
    private static partial Regex Expression();

    [GeneratedRegex(@"\b(?:licenses|fonts|wwwroot)/[\w./-]*(?:LICENSE[\w-]*(?:\.txt)?|\.txt|\.md)")]
    private static partial Regex Reference();
}
