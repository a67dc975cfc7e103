using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>
/// The unchanged file, run once on synthetic inputs: the instrumented model must give the same answers. Its session exists only for that run.
/// </summary>
internal sealed class PlainModel(SessionFactory factory, OnnxGraph graph, ImageInput? image, TextInput? text, ContrastiveHead? head)
{
    /// <summary>What outputs pick the best classes of: it takes their place, because a class is not told by its rank.</summary>
    private readonly string[] picked = text is null ? [.. Picked(graph)] : [];
    private readonly string[] inner = text is null
        ? [.. graph.Outputs.Concat(Picked(graph)).SelectMany(output => GraphEnd.BeforeSquashing(graph, output)).Distinct()
            .Except(graph.Outputs).Except(Picked(graph))] : [];
    private IReadOnlyDictionary<string, PlainOutput>? fetched;

    private IReadOnlyDictionary<string, PlainOutput> Fetched => fetched ??= Run();

    /// <summary>All outputs of real numbers, by name.</summary>
    public IReadOnlyDictionary<string, PlainOutput> Outputs => Fetched
        .Where(output => !inner.Contains(output.Key) && (picked.Length == 0 || GraphEnd.PickedFrom(graph, output.Key) is null)).ToDictionary();

    /// <summary>The logits where a graph without text makes an output of them by softmax or sigmoid itself, and by which; null where the output is not made
    /// so.</summary>
    public (PlainOutput Logits, ScoreKind Kind)? LogitsBefore(string output) =>
        inner.Length == 0 ? null : ScoreFunctions.Between(Fetched[output], inner.Where(Fetched.ContainsKey).Select(name => Fetched[name]));

    /// <summary>Outputs that depend on the given graph inputs and on no others.</summary>
    public IReadOnlyDictionary<string, PlainOutput> OutputsOf(ulong inputs) =>
        Outputs.Where(output => graph.DependsOn(output.Key) is var bits && bits != 0 && (bits & ~inputs) == 0).ToDictionary();

    /// <summary>A synthetic picture: seeded noise in the range of normalised pixels.</summary>
    public static float[] Picture(ImageInput image)
    {
        var random = new Random(7);
        var pixels = new float[image.Count];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = random.NextSingle() * 2 - 1;
        return pixels;
    }

    /// <summary>Synthetic texts of small ids, which every vocabulary has.</summary>
    public static Dictionary<string, OrtValue> Texts(TextInput text)
    {
        const int someLength = 8;
        var length = text.FixedLength ?? someLength;
        var ids = new long[(text.FixedBatch ?? 1) * length];
        for (var i = 0; i < ids.Length; i++) ids[i] = 1 + (i % length == length / 2 ? 1 : 0);
        return text.Feed(ids, [], length);
    }

    /// <summary>The embedding of one side: an output [rows, width] that depends on the given inputs alone, else the operand of the product that compares the
    /// embeddings.</summary>
    public string? Embedding(ulong inputs) => ModelOutputs.Embedding(OutputsOf(inputs)) is { } output ? output
        : head is null ? null : graph.DependsOn(head.ImageEmbedding) == inputs ? head.ImageEmbedding : head.TextEmbedding;

    /// <summary>The file, with its inputs adapted; where its outputs are scores only, what they are computed from is added: embeddings, or logits.</summary>
    private InferenceSession Open()
    {
        var scoresOnly = head is not null && !graph.Outputs.Any(output => graph.DependsOn(output) == graph.DependsOn(head.ImageEmbedding));
        // Weights outside of the file are found in one way for all sessions: linked ones are not found from the file's path.
        if (!scoresOnly && inner.Length + picked.Length == 0 && graph.File.Edition == 0 && !graph.File.HasExternalData) return factory.Create(graph.File.Path);
        var instrumenter = new GraphInstrumenter(graph);
        foreach (var tensor in inner.Concat(picked)) instrumenter.Expose(tensor);
        if (scoresOnly)
        {
            instrumenter.Expose(head!.ImageEmbedding);
            instrumenter.Expose(head.TextEmbedding);
        }
        return factory.Create(instrumenter.Build());
    }

    private static IEnumerable<string> Picked(OnnxGraph graph) =>
        graph.Outputs.Select(output => GraphEnd.PickedFrom(graph, output)).OfType<string>().Distinct();

    private Dictionary<string, PlainOutput> Run()
    {
        var fileName = graph.File.FileName;
        var inputs = text is null ? [] : Texts(text);
        try
        {
            if (image is not null) inputs[image.Name] = image.Feed(Picture(image));
            if (graph.Inputs.FirstOrDefault(input => !inputs.ContainsKey(input.Name)) is { } unknown)
                throw SideInput.Unknown(graph, unknown.Name);
            using var session = OrtErrors.Translate(fileName, Open);
            var names = session.OutputNames.Where(name => session.OutputMetadata[name] is { IsTensor: true } info
                && Tensors.IsReal(info.ElementDataType)).ToList();
            var tolerance = Precisions.Tolerance(Precisions.Of(graph));
            return OrtErrors.Translate(fileName, () => session.Run(inputs, names, values =>
                names.Zip(values).ToDictionary(pair => pair.First, pair =>
                    new PlainOutput(Tensors.Describe(pair.First, pair.Second), Tensors.ToFloats(pair.Second), tolerance))));
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }
}
