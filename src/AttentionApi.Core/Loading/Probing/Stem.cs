using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>The graph up to the first layer, as a session: pixels to tokens.</summary>
internal sealed class Stem : IDisposable
{
    private readonly string fileName;
    private readonly ImageInput image;
    private readonly string embeddings;
    private readonly InferenceSession session;
    private readonly float[] picture;
    private readonly float[] unchanged;
    private int tokens;

    /// <summary>Tokens in the first tensor that a Concat puts before the patches. 1 where there is no Concat.</summary>
    public long FirstPart { get; private set; } = 1;

    /// <exception cref="ModelRefusedException">The graph does not run at the picture's size, or keeps its tokens in another form.</exception>
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
        try
        {
            unchanged = Embed(picture);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>How much each token changes with some pixels, which are given by row and column.</summary>
    public float[] Changes(Func<int, int, bool> pixels)
    {
        // Signs are flipped: the range of values stays the same, so that dynamic quantisation does not move every token a little.
        var other = picture.ToArray();
        for (var i = 0; i < other.Length; i++)
        {
            if (pixels(i / image.Size.Width % image.Size.Height, i % image.Size.Width)) other[i] = -other[i];
        }
        var changed = Embed(other);
        var width = changed.Length / tokens;
        var changes = new float[tokens];
        for (var i = 0; i < changed.Length; i++) changes[i / width] += MathF.Abs(changed[i] - unchanged[i]);
        return changes;
    }

    public void Dispose() => session.Dispose();

    private float[] Embed(float[] values)
    {
        using var input = image.Feed(values);
        string[] outputs = [embeddings, .. session.OutputNames.Where(name => name != embeddings)];
        return OrtErrors.Translate(fileName, () => session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, outputs, results =>
        {
            var shape = results[0].GetTensorTypeAndShape().Shape;
            if (shape.Length < 3 || shape[^1] < 1)
                throw new ModelRefusedException(
                    $"{fileName} keeps its tokens in a tensor of shape [{string.Join(", ", shape)}], expected [1, tokens, width].");
            tokens = (int)(results[0].GetTensorTypeAndShape().ElementCount / shape[^1]);
            if (results.Count > 1 && results[1].GetTensorTypeAndShape().Shape is [.., var own, _]) FirstPart = own;
            return Tensors.ToFloats(results[0]);
        }));
    }

    private static string? FirstPartOf(OnnxGraph graph, string embeddings) => graph.Ancestors([embeddings])
        .Where(node => node.Is("Concat") && graph.DependsOn(node.Output(0)) != 0 && graph.DependsOn(node.Input(0)) == 0)
        .MinBy(node => node.Index)?.Input(0);
}
