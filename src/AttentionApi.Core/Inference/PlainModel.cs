using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Inference;

/// <summary>
/// The unchanged file, run once on made-up inputs: its answers are what the instrumented model has to give too. Its session lives only for that run.
/// </summary>
internal sealed class PlainModel(SessionFactory factory, OnnxGraph graph, ImageInput? image, TextInput? text)
{
    private IReadOnlyDictionary<string, PlainOutput>? outputs;

    /// <summary>All outputs of real numbers, by name.</summary>
    public IReadOnlyDictionary<string, PlainOutput> Outputs => outputs ??= Run();

    /// <summary>Outputs that depend on the given graph inputs and on no others.</summary>
    public IReadOnlyDictionary<string, PlainOutput> OutputsOf(ulong inputs) =>
        Outputs.Where(output => graph.DependsOn(output.Key) is var bits && bits != 0 && (bits & ~inputs) == 0).ToDictionary();

    /// <summary>A made-up picture: seeded noise in the range of normalised pixels.</summary>
    public static float[] Picture(ImageInput image)
    {
        var random = new Random(7);
        var pixels = new float[image.Count];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = random.NextSingle() * 2 - 1;
        return pixels;
    }

    /// <summary>Made-up texts: small ids, which every vocabulary has.</summary>
    public static Dictionary<string, OrtValue> Texts(TextInput text)
    {
        const int someLength = 8;
        var length = text.FixedLength ?? someLength;
        var ids = new long[(text.FixedBatch ?? 1) * length];
        for (var i = 0; i < ids.Length; i++) ids[i] = 1 + (i % length == length / 2 ? 1 : 0);
        return text.Feed(ids, [], length);
    }

    private Dictionary<string, PlainOutput> Run()
    {
        var fileName = graph.File.FileName;
        var inputs = text is null ? [] : Texts(text);
        try
        {
            if (image is not null) inputs[image.Name] = image.Feed(Picture(image));
            if (graph.Inputs.FirstOrDefault(input => !inputs.ContainsKey(input.Name)) is { } unknown)
                throw new ModelRefusedException($"{fileName} needs the input '{unknown.Name}', which this program cannot give.");
            using var session = OrtErrors.Translate(fileName, () => factory.Create(graph.File.Path));
            var names = session.OutputNames.Where(name => session.OutputMetadata[name] is { IsTensor: true } info && Tensors.IsReal(info.ElementDataType)).ToList();
            var tolerance = Precisions.Tolerance(Precisions.Of(graph));
            return OrtErrors.Translate(fileName, () => session.Run(inputs, names, values =>
                names.Zip(values).ToDictionary(pair => pair.First, pair => new PlainOutput(Tensors.Describe(pair.First, pair.Second), Tensors.ToFloats(pair.Second), tolerance))));
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }
}
