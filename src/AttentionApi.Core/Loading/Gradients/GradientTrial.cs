using System.Globalization;
using System.Numerics.Tensors;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Gradients;

/// <summary>What sessions for gradients are tried with before they are used: a made-up picture or text, and what the tower answers to it.</summary>
/// <param name="FileName">For messages.</param>
/// <param name="Precision">How the file stores its weights.</param>
/// <param name="StateType">Element type of the hidden states.</param>
/// <param name="Feeds">Makes the inputs; the caller disposes of them.</param>
/// <param name="Answer">What the tower answers; an embedding at unit length.</param>
internal sealed record GradientTrial(string FileName, Precision Precision, int StateType, Func<Dictionary<string, OrtValue>> Feeds, float[] Answer)
{
    /// <summary>
    /// Of the sum of all parts' sizes. Sums of float32 in another order differ by less than 1e-5; a part that goes the wrong way makes 0.6 and more (packed
    /// queries, keys and values).
    /// </summary>
    private const float Completeness = 1e-4f;

    public async Task<GradientTape> RunAsync(TapedSession forward, IReadOnlyCollection<string> wanted, CancellationToken cancellation)
    {
        var feeds = Feeds();
        try
        {
            return await forward.RunAsync(feeds, wanted, cancellation).ConfigureAwait(false);
        }
        finally
        {
            foreach (var value in feeds.Values) value.Dispose();
        }
    }

    /// <exception cref="ModelRefusedException">The forward pass answers differently with its values exposed.</exception>
    public void ThrowIfDifferent(float[] answer)
    {
        var difference = PlainOutput.Difference(Answer, answer);
        if (!(difference <= Precisions.Tolerance(Precision)))
            throw new ModelRefusedException(string.Create(CultureInfo.InvariantCulture,
                $"the forward pass answers differently once its values are exposed (by {difference:g2} of its largest value)"));
    }

    /// <summary>Two directions of the answer.</summary>
    public static IReadOnlyList<float[]> Seeds(int width)
    {
        float[] first = new float[width], second = new float[width];
        first[0] = 1;
        for (var i = 0; i < width; i++) second[i] = (i % 2 == 0 ? 1 : -1) / MathF.Sqrt(width);
        return [first, second];
    }

    /// <summary>Σ relevance + Σ bias from each layer on has to be the score.</summary>
    /// <exception cref="ModelRefusedException">It is not.</exception>
    public void ThrowIfIncomplete(float[] answer, IReadOnlyList<float[]> seeds, IReadOnlyList<LayerGradients> gradients)
    {
        var allowed = Precision == Precision.Fp32 ? Completeness : Precisions.Tolerance(Precision);
        foreach (var (seed, parts) in seeds.Zip(gradients))
        {
            var score = TensorPrimitives.Dot<float>(answer, seed);
            var layers = parts.Bias!.Length - 1;
            var tokens = parts.Relevance!.Length / layers;
            for (var layer = 0; layer < layers; layer++)
            {
                var relevance = parts.Relevance.AsSpan(layer * tokens, tokens);
                var bias = TensorPrimitives.Sum<float>(parts.Bias.AsSpan(layer));
                var missing = MathF.Abs(TensorPrimitives.Sum<float>(relevance) + bias - score);
                var size = MathF.Abs(score) + TensorPrimitives.SumOfMagnitudes<float>(relevance) + MathF.Abs(bias);
                if (!(missing <= allowed * size))
                    throw new ModelRefusedException(string.Create(CultureInfo.InvariantCulture,
                        $"the parts of a score do not add up to it (layer {layer + 1}, {missing / size:g2} of their sizes are missing)"));
            }
        }
    }
}
