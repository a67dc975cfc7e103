using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace AttentionApi.Tests.Parameters;

public class ParameterTests
{
    private static readonly ParameterTable Table = new(BuiltInMethods.Registry, [EndpointParameters.Model, .. PictureParameters.All]);

    private static ParameterValues Read(string query) =>
        ParameterValues.Read(QueryHelpers.ParseQuery(query).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.AsEnumerable())), Table.All, Table.All);

    private static ParameterException Refused(string query) => Assert.Throws<ParameterException>(() => Read(query));

    [Fact]
    public void An_empty_query_gives_the_contracts_defaults()
    {
        var query = Read("");
        Assert.Equal("rollout", query.Get(Table.Method).Info.Name);
        Assert.Equal(["a photo of a {}"], query.Get(SharedParameters.Prompt));
        Assert.Equal(AlignmentView.Cosine, query.Get(LabelViews.View));
        Assert.Equal(HeadFusion.Mean, query.Get(SharedParameters.Fusion));
        Assert.Equal(1, query.Get(Rollout.Residual));
        Assert.Equal(0, query.Get(Rollout.DiscardRatio));
        Assert.Equal(0.5, query.Get(PictureParameters.Opacity));
        Assert.Equal(400, query.Get(PictureParameters.Delay));
        Assert.Equal(5, query.Get(SharedParameters.Top));
        Assert.Null(query.Get(SharedParameters.FromLayer));
        Assert.Null(query.Get(SharedParameters.Query));
    }

    [Theory]
    [InlineData("headFusion=max")]
    [InlineData("headFusion=MAX")]
    [InlineData("HEADFUSION=Max")]
    public void Words_and_names_are_matched_without_regard_to_case(string query) => Assert.Equal(HeadFusion.Max, Read(query).Get(SharedParameters.Fusion));

    [Fact]
    public void A_value_is_written_as_the_word_that_it_was_given_by()
    {
        foreach (var parameter in Table.All.Where(parameter => parameter.Kind == ParameterKind.Word))
        {
            foreach (var word in parameter.Words)
            {
                if (parameter.Parse([word]) is Enum value) Assert.Equal(word, value.Word());
            }
        }
    }

    [Theory]
    [InlineData("headFusion=7")]
    [InlineData("headFusion=1")]
    [InlineData("headFusion=maxx")]
    [InlineData("headFusion=mean,max")]
    [InlineData("colormap=viridi")]
    [InlineData("method=gradcam")]
    [InlineData("scale=min-max")]
    [InlineData("matrix=1")]
    [InlineData("legend=yes")]
    [InlineData("format=gif")]
    [InlineData("dtype=float64")]
    [InlineData("view=both")]
    [InlineData("frames=all")]
    [InlineData("panels=all")]
    [InlineData("heads=2")]
    [InlineData("interpolation=lanczos")]
    public void Other_words_are_refused_on_their_parameter(string query) => Assert.Equal(query.Split('=')[0], Refused(query).Parameter);

    [Fact]
    public void A_wrong_word_is_answered_with_the_nearest() => Assert.Contains("'viridis'", Refused("colormap=viridi").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("residual=0.5", 0.5)]
    [InlineData("residual=.5", 0.5)]
    [InlineData("residual=1e3", 1000)]
    [InlineData("residual=0", 0)]
    public void Numbers_are_read_the_same_in_every_culture(string query, double expected) => Assert.Equal(expected, Read(query).Get(Rollout.Residual));

    [Theory]
    [InlineData("residual=0,5")]
    [InlineData("residual=-0.1")]
    [InlineData("residual=1000.1")]
    [InlineData("residual=NaN")]
    [InlineData("residual=Infinity")]
    [InlineData("residual=1e999")]
    [InlineData("residual=1.000,5")]
    [InlineData("discard=1")]
    [InlineData("discard=-1")]
    [InlineData("opacity=1.01")]
    [InlineData("opacity=half")]
    [InlineData("head=0")]
    [InlineData("head=1.0")]
    [InlineData("head=99999999999")]
    [InlineData("fromLayer=0")]
    [InlineData("toLayer=-1")]
    [InlineData("top=0")]
    [InlineData("top=101")]
    [InlineData("delay=10")]
    [InlineData("delay=25")]
    [InlineData("delay=10010")]
    [InlineData("loop=-1")]
    [InlineData("loop=65536")]
    [InlineData("size=15")]
    [InlineData("size=4097")]
    [InlineData("size=huge")]
    [InlineData("size=%2B20")]
    [InlineData("query=1")]
    [InlineData("query=-1,0")]
    [InlineData("query=1,2,3")]
    [InlineData("query=patch")]
    [InlineData("prompt=a photo")]
    public void Values_out_of_range_are_refused_on_their_parameter(string query) => Assert.Equal(query.Split('=')[0], Refused(query).Parameter);

    [Theory]
    [InlineData("discard=0.999", "discard")]
    [InlineData("delay=20", "delay")]
    [InlineData("delay=10000", "delay")]
    [InlineData("loop=65535", "loop")]
    [InlineData("size=16", "size")]
    [InlineData("size=4096", "size")]
    [InlineData("size=Model", "size")]
    [InlineData("top=100", "top")]
    [InlineData("query=0,13", "query")]
    [InlineData("query=MEAN", "query")]
    [InlineData("legend=TRUE", "legend")]
    public void Values_at_the_ends_of_a_range_are_taken(string query, string name) =>
        Assert.True(Read(query).Has(Table.All.Single(parameter => parameter.Name == name)));

    [Theory]
    [InlineData("colourmap=viridis", "colormap")]
    [InlineData("lables=cat", "labels")]
    [InlineData("from_layer=2", "fromLayer")]
    [InlineData("haeds=each", "heads")]
    [InlineData("residuals=1", "residual")]
    [InlineData("=1", "top")]
    public void An_unknown_parameter_is_refused_with_the_nearest_known_one(string query, string nearest)
    {
        var problem = Refused(query);
        Assert.Equal(query.Split('=')[0], problem.Parameter);
        if (problem.Parameter != "") Assert.Contains($"'{nearest}'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_value_counts_as_absent()
    {
        var query = Read("residual=&labels=&head=&method=&opacity=%20");
        Assert.DoesNotContain(Table.All, query.Has);
    }

    [Theory, InlineData("labels=[\"cat\",\"dog\"]"), InlineData("labels=[cat,dog]"), InlineData("labels=cat&labels= [] ")]
    public void Labels_in_brackets_are_refused_with_the_form_that_is_meant(string query)
    {
        var problem = Refused(query);
        Assert.Equal("labels", problem.Parameter);
        Assert.Contains("separate them by commas alone", problem.Message, StringComparison.Ordinal);
        Assert.True(Read("label=[cat]").Has(Table.All.Single(parameter => parameter.Name == "labels")));
    }

    [Fact]
    public void A_parameter_given_twice_is_refused() => Assert.Equal("head", Refused("head=1&head=2").Parameter);

    [Theory]
    [InlineData("labels=cat,dog", "cat|dog")]
    [InlineData("labels=cat&labels=dog,bird", "cat|dog|bird")]
    [InlineData("labels=%20cat%20,%20dog", "cat|dog")]
    [InlineData("labels=%22black, white cat%22,dog", "black, white cat|dog")]
    [InlineData("labels=cat, %22a %22%22big%22%22 dog%22 ", "cat|a \"big\" dog")]
    [InlineData("labels=5%22 pipe", "5\" pipe")]
    [InlineData("labels=café,猫,🐱", "café|猫|🐱")]
    [InlineData("labels=R%26D", "R&D")]
    [InlineData("labels=b,B", "b|B")]
    public void Labels_are_separated_by_commas_outside_of_quotes(string query, string expected) =>
        Assert.Equal(expected.Split('|'), Read(query).Get(SharedParameters.Labels));

    [Theory]
    [InlineData("labels=cat,,dog")]
    [InlineData("labels=cat,")]
    [InlineData("labels=,")]
    [InlineData("labels=%20")]
    [InlineData("labels=%22%22")]
    [InlineData("labels=cat,cat")]
    [InlineData("labels=cat&labels=cat")]
    [InlineData("labels=%22cat")]
    [InlineData("labels=%22cat%22s,dog")]
    public void Empty_double_and_badly_quoted_labels_are_refused(string query) => Assert.Equal("labels", Refused(query).Parameter);

    [Fact]
    public void Prompts_may_be_repeated_and_keep_their_spaces() => Assert.Equal(["a {}", " {} "], Read("prompt=a {}&prompt= {} ").Get(SharedParameters.Prompt));

    [Fact]
    public void A_patch_query_counts_rows_and_columns_from_zero() =>
        Assert.Equal(new QueryToken(QueryKind.Patch, 3, 5), Read("query=3,5").Get(SharedParameters.Query));

    [Fact]
    public void Every_word_of_every_parameter_is_read()
    {
        foreach (var parameter in Table.All)
        {
            Assert.All(parameter.Words, word => Assert.True(Read($"{parameter.Name}={word}").Has(parameter)));
        }
    }

    [Fact]
    public void Colours_and_scales_are_the_contracts_words()
    {
        Assert.Equal(["viridis", "magma", "inferno", "plasma", "cividis", "turbo", "jet", "hot", "gray", "coolwarm"], PictureParameters.Colors.Words);
        Assert.Equal(["percentile", "minmax", "shared", "absolute"], PictureParameters.Scale.Words);
        Assert.Equal(["bilinear", "bicubic", "nearest"], PictureParameters.Interpolated.Words);
        Assert.Equal(Enum.GetValues<Colormap>().Length, PictureParameters.Colors.Words.Count);
    }

    [Theory]
    [InlineData("colour", "colormap", 4)]
    [InlineData("haed", "head", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("LABELS", "labels", 0)]
    public void Distance_counts_edits_and_swaps(string from, string to, int expected)
    {
        Assert.Equal(expected, Nearest.Distance(from, to));
        Assert.Equal(expected, Nearest.Distance(to, from));
    }
}
