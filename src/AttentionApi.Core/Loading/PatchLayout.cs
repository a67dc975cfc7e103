using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading;

/// <summary>
/// Which tokens are patches and how they lie in the picture, measured on the part of the graph before the first layer: tokens that change with pixels are
/// patches, those that change with the left column of pixels are the grid's first column, and so on. This holds for any patchifier: convolutions, overlapping
/// or several of them, unfolding, linear layers.
/// </summary>
internal static class PatchLayout
{
    /// <summary>A token counts as touched by the changed pixels if it changes by this share of the largest change; neighbours in a convolutional stem change
    /// less.</summary>
    private const float Touched = 0.2f;

    /// <summary>The share from which a token counts as changed at all; tokens that do not depend on the picture do not change by a bit.</summary>
    private const float Moved = 1e-4f;

    /// <summary>Runs the graph up to <paramref name="embeddings"/>, the hidden state that enters the first layer, on a few made-up pictures.</summary>
    /// <exception cref="ModelRefusedException">The patches do not lie row by row.</exception>
    public static TokenLayout Measure(SessionFactory factory, OnnxGraph graph, ImageInput image, string embeddings)
    {
        using var stem = new Stem(factory, graph, image, embeddings);
        var patches = stem.Answers((_, _) => true, Moved);
        var prefix = Array.IndexOf(patches, true);
        var count = Array.LastIndexOf(patches, true) - prefix + 1;
        var left = stem.Answers((_, column) => column == 0, Touched).AsSpan(Math.Max(prefix, 0), count);
        var top = stem.Answers((row, _) => row == 0, Touched).AsSpan(Math.Max(prefix, 0), count);
        var columns = prefix < 0 || patches.Count(moved => moved) != count ? 0 : Columns(left, top);
        if (columns == 0) throw new ModelRefusedException($"{graph.File.FileName}: the tokens of the first layer are not one block of patches in rows from "
            + "the top left.");
        return new(prefix, new PatchGrid(count / columns, columns), patches.Length - prefix - count, HasCls: prefix > 0 && stem.FirstPart == 1);
    }

    /// <summary>
    /// The number of columns, from the patches that touch the left edge (every columns-th, from the first on) and the top edge (the first ones); 0 where they
    /// do not form a grid. With overlapping patches the second column or row may change as well: what counts is where a run of changes begins again.
    /// </summary>
    private static int Columns(ReadOnlySpan<bool> left, ReadOnlySpan<bool> top)
    {
        var columns = 1;
        while (columns < left.Length && (!left[columns] || left[columns - 1])) columns++;
        if (!left.Contains(false)) columns = 1;
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i] != left[i % columns]) return 0;
        }
        var answered = top.LastIndexOf(true) + 1;
        var everywhere = left.Length > 1 && !left.Contains(false) && !top.Contains(false);
        var inRows = left[0] && answered > 0 && answered % columns == 0 && left.Length % columns == 0 && !top[..answered].Contains(false);
        return inRows && !everywhere ? columns : 0;
    }

    /// <summary>The graph up to the first layer, as a session.</summary>
    private sealed class Stem : IDisposable
    {
        private readonly string fileName;
        private readonly ImageInput image;
        private readonly string embeddings;
        private readonly InferenceSession session;
        private readonly float[] picture;
        private readonly float[] still;
        private int tokens;

        /// <summary>Tokens in the first tensor that a Concat puts before the patches: one is a CLS token, several are registers. 1 where there is no
        /// Concat.</summary>
        public long FirstPart { get; private set; } = 1;

        public Stem(SessionFactory factory, OnnxGraph graph, ImageInput image, string embeddings)
        {
            (fileName, this.image, this.embeddings) = (graph.File.FileName, image, embeddings);
            var stem = new GraphInstrumenter(graph);
            stem.Expose(embeddings);
            if (FirstPartOf(graph, embeddings) is { } first)
            {
                if (graph.Constant(first) is { Shape: [.., var known, _] }) FirstPart = known;
                else stem.Expose(first);
            }
            session = OrtErrors.Translate(fileName, () => factory.CreateInMemory(stem.BuildExposed()));

            var random = new Random(1);
            picture = new float[image.Count];
            for (var i = 0; i < picture.Length; i++) picture[i] = random.Next(2) == 0 ? -1 : 1;
            still = Embed(picture);
        }

        /// <summary>Which tokens change by more than a share of the largest change when the given pixels change.</summary>
        public bool[] Answers(Func<int, int, bool> changed, float share)
        {
            // Signs are flipped: the range of values stays the same, so that dynamic quantisation does not move every token a little.
            var other = picture.ToArray();
            for (var i = 0; i < other.Length; i++)
            {
                if (changed(i / image.Size.Width % image.Size.Height, i % image.Size.Width)) other[i] = -other[i];
            }
            var moved = Embed(other);
            var width = moved.Length / tokens;
            var answers = new float[tokens];
            for (var i = 0; i < moved.Length; i++) answers[i / width] += MathF.Abs(moved[i] - still[i]);
            var threshold = answers.Max() * share;
            return Array.ConvertAll(answers, answer => answer > threshold);
        }

        public void Dispose() => session.Dispose();

        private float[] Embed(float[] pixels)
        {
            using var input = image.Feed(pixels);
            string[] outputs = [embeddings, .. session.OutputNames.Where(name => name != embeddings)];
            return OrtErrors.Translate(fileName, () => session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, outputs, values =>
            {
                var shape = values[0].GetTensorTypeAndShape().Shape;
                if (shape.Length < 3 || shape[^1] < 1)
                    throw new ModelRefusedException($"{fileName} keeps its tokens in a tensor of shape [{string.Join(", ", shape)}], expected [1, "
                        + "tokens, width].");
                tokens = (int)(values[0].GetTensorTypeAndShape().ElementCount / shape[^1]);
                if (values.Count > 1 && values[1].GetTensorTypeAndShape().Shape is [.., var own, _]) FirstPart = own;
                return Tensors.ToFloats(values[0]);
            }));
        }

        private static string? FirstPartOf(OnnxGraph graph, string embeddings) => graph.Ancestors([embeddings])
            .Where(node => node.Is("Concat") && graph.DependsOn(node.Output(0)) != 0 && graph.DependsOn(node.Input(0)) == 0)
            .MinBy(node => node.Index)?.Input(0);
    }
}
