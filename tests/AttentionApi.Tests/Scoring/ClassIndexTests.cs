using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Tests.Scoring;

/// <summary>What a label of a classifier means.</summary>
public class ClassIndexTests
{
    private static readonly string[] Cats =
        ["cab, hack, taxi", "tabby, tabby cat", "tiger cat", "caterpillar", "Egyptian cat", "education", "cougar, puma, catamount", "lynx, catamount", "crane",
            "crane", "A", "a", "10", "2", "jalapeño", "Größe, Maß", "Å"];

    private readonly List<string> warnings = [];

    [Theory]
    [InlineData("A", 10), InlineData("a", 11)]
    [InlineData("TIGER CAT", 2), InlineData("tabby cat", 1), InlineData("Taxi", 0), InlineData("cab, hack, taxi", 0)]
    [InlineData("10", 12), InlineData("2", 13), InlineData("3", 3), InlineData("9", 9), InlineData("å", 16)]
    [InlineData("Jalapeno", 14), InlineData("mass", 15), InlineData("JALAPEN\u0303O", 14)]
    public void A_label_is_a_class_by_its_spelling_then_by_any_case_then_by_a_synonym_then_by_its_index(string label, int index)
    {
        Assert.Equal(index, Find(label));
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("crane", 8), InlineData("Crane", 8), InlineData("catamount", 6)]
    public void Of_several_classes_called_so_the_first_is_taken_with_a_warning(string label, int index)
    {
        Assert.Equal(index, Find(label));
        Assert.Contains("use an index to choose", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_is_part_of_class_names_is_answered_with_those_classes()
    {
        var refused = Assert.Throws<UnknownClassException>(() => Find("cat"));
        Assert.Contains("classes with it in the name: 'tabby, tabby cat', 'tiger cat', 'Egyptian cat', 'caterpillar', 'cougar, puma, catamount' and 2 more.",
            refused.Message, StringComparison.Ordinal);
        Assert.Equal(("made-up", 2), (refused.Model, refused.Unlisted));
        Assert.DoesNotContain("'cab", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tigr cat", "the nearest is 'tiger cat'"), InlineData("linx", "the nearest is 'lynx'"),
        InlineData("egyptian", "a class with it in the name: 'Egyptian cat'")]
    [InlineData("17", "from 0 to 16"), InlineData("-1", "from 0 to 16")]
    public void What_is_no_class_is_refused_with_what_may_be_meant(string label, string meant) =>
        Assert.Contains(meant, Assert.Throws<UnknownClassException>(() => Find(label)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("cat", new[] { 1, 2, 4, 3, 6, 7, 5 })]
    [InlineData("a", new[] { 11, 10, 16 })]
    [InlineData("grosse", new[] { 15 }), InlineData("GRÖßE", new[] { 15 }), InlineData("penõ", new[] { 14 })]
    [InlineData("CRANE", new[] { 8, 9 })]
    [InlineData("zebra", new int[0])]
    public void A_search_gives_the_best_match_first(string text, int[] expected) =>
        Assert.Equal(expected, new ClassIndex(Model()).Search(text).Take(expected.Length));

    [Fact]
    public void A_search_for_nothing_gives_all_classes_in_their_order() => Assert.Equal(Enumerable.Range(0, Cats.Length), new ClassIndex(Model()).Search(""));

    private int Find(string label) => new ClassIndex(Model()).Find("labels", label, warnings);

    private static ModelFacts Model() => new()
    {
        Id = "made-up", Family = "vit", Layers = 1, Heads = 1, Tokens = new(0, new(1, 1), 0, false), ImageSize = new(1, 1), PatchSize = new(1, 1),
        PatchArea = new(0, 0, 1, 1),
        Scores = ScoreKind.Softmax, ClassNames = Cats, Precision = "fp32", Provider = new("cpu", "cpu", null), Sites = new(1, 0, 0), Sha256 = "",
    };
}
