using System.Text.Json;
using System.Text.RegularExpressions;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Hosting;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Hosting.Security;

namespace AttentionApi.Tests;

/// <summary>README and docs/ name what there is, and their links lead somewhere.</summary>
public partial class DocumentationTests
{
    private const int MostWordsOfReadme = 900;

    private static readonly Dictionary<string, Type> Sections = new()
    {
        ["Models"] = typeof(ModelsOptions), ["Inference"] = typeof(InferenceOptions), ["Limits"] = typeof(LimitsOptions),
        ["Cache"] = typeof(CacheOptions), ["Security"] = typeof(SecurityOptions), ["Mcp"] = typeof(McpOptions),
    };

    public static TheoryData<string> Pages { get; } =
    [
        "README.md", "models/README.md",
        .. Directory.GetFiles(At("docs"), "*.md").Select(path => Path.GetRelativePath(SourceTree.Root, path)).Order(StringComparer.Ordinal),
    ];

    [Theory, MemberData(nameof(Pages))]
    public void Links_lead_to_files_and_headings_that_exist(string page)
    {
        foreach (Match link in Link().Matches(Text(page)))
        {
            var (path, anchor) = (link.Groups["path"].Value, link.Groups["anchor"].Value);
            if (path.Contains("://", StringComparison.Ordinal)) continue;
            var target = path.Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, path);
            Assert.True(Path.Exists(At(target)), $"{page} links to {path}.");
            if (anchor.Length > 0) Assert.True(Headings(target).Contains(anchor), $"{page} links to {target}#{anchor}.");
        }
    }

    [Fact]
    public void The_README_can_be_read_in_a_few_minutes() =>
        Assert.InRange(Text("README.md").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, 1, MostWordsOfReadme);

    [Fact]
    public void Every_known_export_names_the_reference_that_stands_for_it()
    {
        var rows = Text("models/README.md").Split('\n').SkipWhile(line => !line.StartsWith("| hub name", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|')).ToList();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var reference = row.Trim('|').Split('|')[^1];
            var folders = Reference().Matches(reference).Select(match => match.Groups[1].Value).ToList();
            Assert.True(folders.Count > 0 || reference.Contains("refused", StringComparison.Ordinal), row);
            Assert.All(folders, folder => Assert.True(!SharedFixtures.AreWhole || Path.Exists(SharedFixtures.InShared("fixtures", folder)), folder));
        }
    }

    [GeneratedRegex("`((?:models|field)/[a-z0-9_-]+|real-vit)`")]
    private static partial Regex Reference();

    [Fact]
    public void Every_setting_is_described()
    {
        var text = Text("docs/configuration.md");
        var keys =
            from section in Sections
            from property in section.Value.GetProperties()
            where property.CanWrite
            select $"{section.Key}:{property.Name}";
        Assert.Equal([], keys.Where(key => !text.Contains($"`{key}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_call_and_parameter_of_the_OpenAPI_document_is_in_the_contract()
    {
        var text = Text("docs/api.md");
        using var document = JsonDocument.Parse(Text("client/openapi.json"));
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            var call = path.Name.Replace("/api/v1", "", StringComparison.Ordinal);
            foreach (var operation in path.Value.EnumerateObject())
            {
                Assert.Contains($"`{operation.Name.ToUpperInvariant()} {call}`", text, StringComparison.Ordinal);
                if (!operation.Value.TryGetProperty("parameters", out var parameters)) continue;
                Assert.All(parameters.EnumerateArray(), parameter =>
                    Assert.Contains($"`{parameter.GetProperty("name").GetString()}`", text, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Every_member_of_every_answer_is_in_the_contract_where_that_describes_the_answer()
    {
        var text = Text("docs/api.md");
        using var document = JsonDocument.Parse(Text("client/openapi.json"));
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        var missing =
            from schema in AnswerSchemas(document.RootElement)
            where schemas.GetProperty(schema).TryGetProperty("properties", out _)
            let words = Code().Matches(Described.TryGetValue(schema, out var heading) ? Section(text, heading) : text)
                .SelectMany(code => Word().Matches(code.Value)).Select(word => word.Value).ToHashSet()
            from member in schemas.GetProperty(schema).GetProperty("properties").EnumerateObject()
            where !words.Contains(member.Name)
            select $"{schema}.{member.Name}";
        Assert.Equal([], missing);
    }

    /// <summary>Answers that have a section of their own; other members may be named anywhere.</summary>
    private static readonly Dictionary<string, string> Described = new()
    {
        ["Model"] = "### Models", ["Method"] = "### Methods", ["MethodParameter"] = "### Methods", ["Expectation"] = "### What was expected",
        ["ExplainResponse"] = "## `POST /explain`", ["Completeness"] = "## `POST /explain`", ["Evidence"] = "### Evidence",
        ["CompareResponse"] = "### `POST /explain/compare`", ["RegionsResponse"] = "## `POST /explain/regions`", ["BatchProblem"] = "## `POST /explain/batch`",
        ["Problem"] = "## Errors",
    };

    /// <summary>Every schema that an answer refers to, itself or through others.</summary>
    private static HashSet<string> AnswerSchemas(JsonElement document)
    {
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var found = new HashSet<string>();
        var answers = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Select(operation => operation.Value.GetProperty("responses").GetRawText());
        var next = new Queue<string>(answers);
        while (next.TryDequeue(out var part))
        {
            foreach (var name in SchemaReference().Matches(part).Select(match => match.Groups["name"].Value).Where(found.Add))
                next.Enqueue(schemas.GetProperty(name).GetRawText());
        }
        Assert.NotEmpty(found);
        return found;
    }

    /// <summary>From a heading to the next one that is not below it.</summary>
    private static string Section(string text, string heading)
    {
        var level = heading[..heading.IndexOf(' ', StringComparison.Ordinal)];
        var lines = text.Split('\n').SkipWhile(line => line != heading && !line.StartsWith($"{heading},", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        return string.Join('\n', lines.Skip(1).TakeWhile(line => !line.StartsWith('#') || line.TakeWhile(sign => sign == '#').Count() > level.Length));
    }

    [Fact]
    public void Sections_that_the_code_cites_exist()
    {
        var titles = Text("docs/methods.md");
        var files = Directory.EnumerateFiles(At("src"), "*.cs", SearchOption.AllDirectories).Where(path => !path.Contains("/obj/", StringComparison.Ordinal));
        var cited = files.SelectMany(path => Citation().Matches(File.ReadAllText(path)))
            .SelectMany(match => match.Groups["section"].Captures.Select(section => section.Value)).Distinct().ToList();
        Assert.NotEmpty(cited);
        Assert.All(cited, section => Assert.Contains($"### {section} ", titles, StringComparison.Ordinal));
    }

    private static string At(string path) => Path.Combine(SourceTree.Root, path);

    private static string Text(string path) => File.ReadAllText(At(path));

    /// <summary>Anchors of a page's headings, as GitHub makes them.</summary>
    private static IEnumerable<string> Headings(string page) => Heading().Matches(Text(page))
        .Select(heading => NotInAnchor().Replace(heading.Groups["title"].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex("#/components/schemas/(?<name>[A-Za-z0-9]+)")]
    private static partial Regex SchemaReference();

    [GeneratedRegex("```.*?```|`[^`\n]+`", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("[A-Za-z0-9]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\]\((?<path>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"docs/methods\.md (?<section>[CD]\.\d+)(, (?<section>[CD]\.\d+))*")]
    private static partial Regex Citation();
}
