using System.Text.Json.Nodes;
using AttentionApi.Core;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Rendering.Layout;

namespace AttentionApi.Tests.Rendering;

/// <summary>The words of pictures. The page's tests read the same file and expect the same of the page.</summary>
public class CaptionTests
{
    private static readonly JsonObject Known =
        JsonNode.Parse(File.ReadAllBytes(Path.Combine(SourceTree.Root, "client", "testing", "captions.json")))!.AsObject();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<Caption> CaptionAsync(ModelLibrary models, string picture, IReadOnlyDictionary<string, string> parameters)
    {
        using var explained = await models.ExplainAsync(picture, parameters, "demo-clip", Cancellation);
        var set = await explained.Explanation.ShownSetAsync(Cancellation);
        return set.Features is [var colors, ..] ? Captions.Of(explained.Explanation, colors)
            : Captions.Of(explained.Explanation, set.Table ?? set.Maps.Last(explained.Explanation.IsShown));
    }

    private static string Scene => Path.Combine(SourceTree.Root, "client", "samples", "scene-02.png");

    /// <summary>Without the marks around labels, which cannot be seen.</summary>
    private static MapWords Plain(MapWords words) => new(Plain(words.Sentence), Plain(words.Low), Plain(words.High));

    private static string Plain(string text) => text.Replace("\u2068", "", StringComparison.Ordinal).Replace("\u2069", "", StringComparison.Ordinal);

    private static ModelLibrary Models() => ModelLibrary.Open(Path.Combine(SourceTree.Root, "models"));

    [Fact]
    public async Task Pictures_say_the_same_as_the_page()
    {
        await using var models = Models();
        foreach (var known in Known["cases"]!.AsArray().Select(one => one!.AsObject()))
        {
            var parameters = known["parameters"]!.AsObject().ToDictionary(one => one.Key, one => (string)one.Value!);
            (parameters["method"], parameters["labels"]) = ((string)known["method"]!, "cat,dog");
            var says = (await CaptionAsync(models, Scene, parameters)).Says!;
            Assert.Equal(new MapWords((string)known["sentence"]!, (string)known["low"]!, (string)known["high"]!), Plain(says));
        }
    }

    [Fact]
    public void The_page_is_tested_with_the_words_that_methods_declare()
    {
        foreach (var (name, words) in Known["methods"]!.AsObject())
        {
            var info = BuiltInMethods.Registry.Find(name)!.Info;
            Assert.Equal(info.Words, Words("unsigned"));
            Assert.Equal(info.SignedWords, Words("signed"));
            if (words!["versus"] is not null) Assert.Equal(info.VersusWords, Words("versus"));

            MapWords Words(string kind) => new((string)words![kind]!["sentence"]!, (string)words[kind]!["low"]!, (string)words[kind]!["high"]!);
        }
    }

    [Fact]
    public async Task No_name_in_braces_is_left_in_what_a_method_says()
    {
        await using var models = Models();
        foreach (var method in BuiltInMethods.Registry.All.Where(method => !method.Info.NeedsAnswersAlone))
        {
            var says = (await CaptionAsync(models, Scene, new Dictionary<string, string>
            {
                ["method"] = method.Info.Name, ["labels"] = "cat,dog", ["query"] = "3,4",
            })).Says!;
            Assert.EndsWith(".", says.Sentence, StringComparison.Ordinal);
            Assert.DoesNotContain('{', says.Sentence + says.Low + says.High);
        }
    }

    [Fact]
    public async Task Labels_without_glyphs_have_stand_ins_that_differ()
    {
        await using var models = Models();
        var says = Plain((await CaptionAsync(models, Scene, new Dictionary<string, string>
        {
            ["method"] = "alignment", ["labels"] = "犬,dog", ["target"] = "犬", ["view"] = "contrast", ["versus"] = "猫",
        })).Says!);
        Assert.Equal(("for the other label", "for label 1"), (says.Low, says.High));
    }
}
