using System.Numerics.Tensors;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Tests.Loading;

/// <summary>Text towers, split and combined, give the reference's embeddings and attention.</summary>
public class TextTowerTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Variants =>
    [
        .. FixtureVariant.All(vision: false).Select(variant => (variant.Family, variant.File)),
        .. FixtureVariant.All(vision: true).Where(variant => variant.ExpectedSites("text") > 0).Select(variant => (variant.Family, variant.File)),
    ];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Embeddings_and_attention_of_a_text_tower_equal_the_reference(string family, string file)
    {
        var variant = new FixtureVariant(family, file);
        using var towers = Load(variant);
        var text = towers.Text!;
        var tokens = variant.Expected.Integers("input_ids");
        var length = variant.Expected.Shape("input_ids")[1];
        var masked = variant.Expected.Has("attention_mask") ? variant.Expected.Integers("attention_mask") : null;

        var texts = tokens.Chunk(length).Select((ids, t) =>
            (IReadOnlyList<int>)[.. ids.Take(masked is null ? length : (int)masked.Skip(t * length).Take(length).Sum()).Select(id => (int)id)]).ToList();
        var encoding = text.Encode(texts, padId: (int)tokens[length - 1], withAttention: true, length);

        var expected = variant.Expected.Floats("text_embeds");
        var embeddings = 0f;
        for (var t = 0; t < texts.Count; t++)
            embeddings = MathF.Max(embeddings, 1 - TensorPrimitives.CosineSimilarity<float>(expected.AsSpan(t * encoding.Width, encoding.Width),
                encoding.Embeddings.AsSpan(t * encoding.Width, encoding.Width)));
        float[] unit = [.. encoding.Embeddings.Chunk(encoding.Width).SelectMany(text => GradientReferences.Unit(text, 1))];
        var units = ReferenceArrays.LargestDifference(variant.Expected.Floats("text_embeds_normalized"), unit);
        var attention = ReferenceArrays.LargestDifference(variant.Expected.Floats("text_attentions"), FixtureModels.Concat(encoding.Attention!));
        output.WriteLine($"{variant}: attention {attention:g3}, embeddings 1 - cosine {embeddings:g3}");

        Assert.Equal(variant.Expected.Meta.GetProperty("sites").GetProperty("text").GetInt32(), text.Attention.Count);
        Assert.True(attention <= variant.Tolerance, $"attention differs by {attention}");
        if (variant.Precision == "fp32") Assert.True(embeddings <= 1e-5f, $"embeddings differ by {embeddings}");
        if (variant.Precision == "fp32") Assert.True(units <= 1e-4f, $"unit embeddings differ by {units}");
        var ends = ReferenceArrays.Methods(family).Meta.GetProperty("end_positions").EnumerateArray().Select(end => end.GetInt32());
        Assert.Equal(ends, encoding.PooledPositions!);
    }

    [Fact]
    public void A_run_that_fails_while_serving_is_told_as_one_of_the_vision_tower_is()
    {
        using var towers = FixtureModels.Load("clip", "onnx/vision_model.onnx", "onnx/text_model.onnx");
        var length = towers.Text!.Encode([[0]], padId: 0).Embeddings.Length;
        Assert.NotEqual(0, length);
        // There is no such token.
        Assert.Throws<ModelRunException>(() => towers.Text!.Encode([[int.MaxValue]], padId: 0));
    }

    [Fact]
    public async Task Tokenising_ends_with_the_caller()
    {
        await using var model = await LoadedModels.LoadAsync(SharedFixtures.Family("clip"));
        string[] labels = [.. Enumerable.Range(0, 1000).Select(number => $"label {number}")];
        var gone = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => model.EmbedAsync(labels, ["{}"], new StageTimings(), gone));
    }

    private static ModelTowers Load(FixtureVariant variant)
    {
        if (variant.ExpectedSites("vision") > 0) return FixtureModels.Load(variant.Family, variant.File);
        var vision = Path.GetFileName(variant.File).StartsWith("textual", StringComparison.Ordinal) ? "onnx/visual.onnx" : "onnx/vision_model.onnx";
        return FixtureModels.Load(variant.Family, vision, variant.File);
    }
}
