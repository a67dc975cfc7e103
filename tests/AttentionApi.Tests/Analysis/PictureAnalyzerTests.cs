using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Tests.Explain;

namespace AttentionApi.Tests.Analysis;

/// <summary>Picture and labels to numbers, through every part of Core, on the reference CLIP.</summary>
public sealed class PictureAnalyzerTests : IAsyncLifetime
{
    private static readonly ReferenceArrays Reference = ReferenceArrays.Expected("clip");
    private LoadedModel model = null!;

    public async ValueTask InitializeAsync() => model = await LoadedModels.LoadAsync(SharedFixtures.Family("clip"));

    public ValueTask DisposeAsync() => model.DisposeAsync();

    private static Picture Image() => LoadedModels.PictureFile(SharedFixtures.Family("clip", "image.png"));

    private Task<PictureAnalysis> Analyze(Picture picture, ActivationParts parts) =>
        model.AnalyzeAsync(picture, parts, new StageTimings(), TestContext.Current.CancellationToken);

    [Fact]
    public async Task The_cosine_of_picture_and_label_equals_the_reference()
    {
        var labels = Reference.Meta.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!).ToArray();
        var picture = await Analyze(Image(), ActivationParts.Output);
        var embeddings = await model.EmbedAsync(labels, ["{}"], new StageTimings(), TestContext.Current.CancellationToken);
        var scale = Reference.Meta.GetProperty("logit_scale").GetSingle();
        var logits = embeddings.Select(embedding => scale * embedding.Zip(picture.Activations.Output, (t, i) => t * i).Sum()).ToArray();
        AssertWithin(Reference.Floats("logits_per_image"), logits, 1e-3f);
    }

    [Fact]
    public async Task The_rollout_of_the_picture_file_equals_the_reference()
    {
        var picture = await Analyze(Image(), ActivationParts.MeanAttention);
        var map = new KnownActivations(picture.Activations, model.Facts.Tokens).Explain(new Rollout(), KnownActivations.Range(1, model.Facts.Layers))[0];
        AssertWithin(Reference.Floats("rollout_mean_alpha1"), map.Values, 1e-5f);
    }

    [Fact]
    public async Task A_second_question_about_a_picture_runs_no_model_and_a_new_part_runs_it_once()
    {
        Assert.Equal(1, (await Analyze(Image(), ActivationParts.MeanAttention)).ModelRuns);
        Assert.Equal(0, (await Analyze(Image(), ActivationParts.MeanAttention)).ModelRuns);
        Assert.Equal(0, (await Analyze(Image(), ActivationParts.Output)).ModelRuns);
        Assert.Equal(1, (await Analyze(Image(), ActivationParts.HeadAttention)).ModelRuns);
        var both = await Analyze(Image(), ActivationParts.HeadAttention | ActivationParts.MeanAttention);
        Assert.Equal(0, both.ModelRuns);
    }

    [Fact]
    public async Task Callers_at_once_share_one_run()
    {
        var picture = Image();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Analyze(picture, ActivationParts.MeanAttention)));
        Assert.Equal(1, answers.Sum(answer => answer.ModelRuns));
        Assert.All(answers, answer => Assert.Equal(answers[0].Activations.MeanAttention, answer.Activations.MeanAttention));
    }

    [Fact]
    public async Task Text_tokens_carry_what_the_reference_says()
    {
        var methods = ReferenceArrays.Methods("clip");
        var labels = Reference.Meta.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!).ToArray();
        var expected = methods.Floats("text_rollout");
        var positions = methods.Shape("text_rollout")[1];
        var texts = await model.AttendToTextAsync(labels, "{}", new StageTimings(), TestContext.Current.CancellationToken);
        for (var text = 0; text < labels.Length; text++)
        {
            var weights = TextRollout.Weigh(texts[text]);
            AssertWithin(expected.AsSpan(text * positions, weights.Tokens.Count).ToArray(), [.. weights.Tokens.Select(token => token.Weight)], 1e-5f);
            Assert.Equal(1, weights.Tokens.Sum(token => token.Weight), 1e-4);
        }
    }

    [Fact]
    public async Task A_label_that_would_be_cut_is_refused_with_its_reason()
    {
        var failure = await Assert.ThrowsAsync<ParameterException>(() =>
            model.EmbedAsync([string.Join(' ', Enumerable.Repeat("cat", 200))], ["{}"], new StageTimings(), TestContext.Current.CancellationToken));
        Assert.Equal("labels", failure.Parameter);
        Assert.Contains("shorter", failure.Message, StringComparison.Ordinal);
    }

    private static void AssertWithin(float[] expected, float[] actual, float tolerance) =>
        Assert.True(ReferenceArrays.LargestDifference(expected, actual) <= tolerance,
            $"{ReferenceArrays.LargestDifference(expected, actual):g3} > {tolerance:g3}");
}
