using System.Numerics.Tensors;
using System.Reflection;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Gradients;

namespace AttentionApi.Tests.Loading;

/// <summary>What has to hold of gradients without any reference.</summary>
public class GradientPropertyTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(GradientParityTests.Files), MemberType = typeof(GradientParityTests))]
    public async Task Relevance_of_all_tokens_and_the_biases_add_up_to_the_score_at_every_layer(string family, string file)
    {
        await using var model = GradientReferences.Open(family, file);
        var tape = await model.ForwardAsync(GradientKind.Libra);
        var seeds = Directions(tape.Answer.Length, 3);
        var gradients = await model.Gradients.AllLayersAsync(GradientKind.Libra, tape, seeds, TestContext.Current.CancellationToken);
        var worst = 0.0;
        foreach (var (seed, label) in seeds.Zip(gradients))
        {
            var score = TensorPrimitives.Dot<float>(seed, tape.Answer);
            for (var layer = 1; layer <= model.Layers; layer++)
            {
                var parts = LibraRelevance.Completeness(label.Relevance, label.Bias, score, layer, layer);
                var size = Math.Abs(score) + TensorPrimitives.SumOfMagnitudes<float>(label.Relevance.AsSpan((layer - 1) * model.Tokens,
                    model.Tokens)) + Math.Abs(parts.Bias);
                worst = Math.Max(worst, Math.Abs(parts.Residual) / size);
            }
        }
        output.WriteLine($"{model.Variant}: {worst:g2} of the parts' sizes are missing at most");
        // Half precision rounds every value of the forward pass to 5e-4; 8-bit products round to steps of their own, for which the weights as numbers stand.
        Assert.True(worst <= model.Variant.Precision switch { "fp32" => 1e-5, "fp16" => 1e-3, _ => 1e-2 }, $"{worst} of the parts' sizes are missing");
    }

    [Fact]
    public async Task Many_labels_give_what_each_gives_alone()
    {
        Assert.SkipUnless(File.Exists(SharedFixtures.Family("clip", "onnx", "vision_model_legacy.onnx")), "The repository's references lack this export.");
        // Heads folded into the batch: an export whose first axis is no batch.
        await using var model = GradientReferences.Open("clip", "onnx/vision_model_legacy.onnx");
        var tape = await model.ForwardAsync(GradientKind.Libra, GradientKind.Plain);
        var seeds = Directions(tape.Answer.Length, GradientSession.MostLabels + 3);
        foreach (var kind in Enum.GetValues<GradientKind>())
        {
            var together = await model.Gradients.AllLayersAsync(kind, tape, seeds, TestContext.Current.CancellationToken);
            Assert.Equal(seeds.Length, together.Count);
            foreach (var (seed, label) in seeds.Zip(together))
            {
                var alone = (await model.Gradients.AllLayersAsync(kind, tape, [seed], TestContext.Current.CancellationToken))[0];
                Assert.True(GradientReferences.Error(alone.Attention, label.Attention, alone.Attention) < 1e-5f);
                if (kind == GradientKind.Libra) Assert.True(GradientReferences.Error(alone.Relevance, label.Relevance, alone.Relevance) < 1e-5f);
            }
        }
    }

    [Fact]
    public async Task The_relevance_of_a_difference_is_the_difference_of_relevances()
    {
        await using var model = GradientReferences.Open("vit", "onnx/model.onnx");
        var tape = await model.ForwardAsync(GradientKind.Libra);
        var seeds = model.Seeds(2);
        var difference = new float[seeds[0].Length];
        TensorPrimitives.Subtract<float>(seeds[0], seeds[1], difference);
        var gradients = await model.Gradients.AllLayersAsync(GradientKind.Libra, tape, [.. seeds, difference], TestContext.Current.CancellationToken);
        var expected = gradients[0].Relevance!.Zip(gradients[1].Relevance!, (a, b) => a - b).ToArray();
        Assert.True(GradientReferences.Error(expected, gradients[2].Relevance, expected) < 1e-5f);
    }

    [Fact]
    public async Task Disposing_waits_for_runs_and_refuses_later_ones()
    {
        var model = GradientReferences.Open("vit", "onnx/model.onnx");
        var tape = await model.ForwardAsync(GradientKind.Libra);
        var running = Enumerable.Range(0, 8)
            .Select(_ => model.Gradients.AllLayersAsync(GradientKind.Libra, tape, model.Seeds(2), TestContext.Current.CancellationToken)).ToList();
        await Task.WhenAll(running);
        await model.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            model.Gradients.AllLayersAsync(GradientKind.Libra, tape, model.Seeds(2), TestContext.Current.CancellationToken));
        // The tape is of its own: who still holds it may read it.
        Assert.All(tape.Values.Values, value => Assert.True(value.GetTensorSizeInBytes() >= 0));
    }

    /// <summary>A tape is dropped, not disposed of, because other requests may still read it.</summary>
    [Fact]
    public void Values_of_a_dropped_tape_give_their_memory_back()
    {
        const BindingFlags own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        Assert.NotNull(typeof(Microsoft.ML.OnnxRuntime.OrtValue).GetMethod("Finalize", own));
    }

    /// <summary>Seeded directions of the answer.</summary>
    private static float[][] Directions(int width, int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => random.NextSingle() * 2 - 1).ToArray())];
    }
}
