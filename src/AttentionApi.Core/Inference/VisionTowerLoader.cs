using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Inference;

/// <summary>
/// Turns the vision part of a graph into a <see cref="VisionTower"/>: finds its layers, exposes their attention and hidden states, runs it once, and checks what came out.
/// </summary>
internal sealed class VisionTowerLoader(SessionFactory factory, OnnxGraph graph, AttentionSites sites, ImageInput image)
{
    private readonly string fileName = graph.File.FileName;
    private readonly ulong imageBit = graph.InputBit(image.Name);

    /// <summary>Attention sites of the vision part that are no layers: pooling heads, cross-attention.</summary>
    public int OtherSites { get; private set; }

    public VisionTower Load(PlainModel plainModel, Func<IReadOnlyDictionary<string, PlainOutput>, (string Name, VisionOutputKind Kind)?> chooseOutput)
    {
        var ofVision = sites.Found.Where(site => graph.DependsOn(site.Result) == imageBit).ToList();
        var layers = ofVision.Where(site => !site.LearnedQuery).ToList();
        RefuseWithoutLayers(layers);
        var stream = ResidualStream.Find(graph, layers)
            ?? throw new ModelRefusedException($"{fileName}: the attention of layer {layers.Count} is not added to the hidden states that it was computed from, so there is no residual stream to follow.");
        var layout = PatchLayout.Measure(factory, graph, image, stream.States[0].Tensor!);

        var plain = plainModel.OutputsOf(imageBit);
        var output = chooseOutput(plain);
        var instrumented = Instrument(layers, stream, plain.Keys);
        var session = OrtErrors.Translate(fileName, () => factory.Create(instrumented.Model));
        try
        {
            var outputs = instrumented.Layers.SelectMany(layer => new[] { layer.Mean, layer.Heads, layer.Hidden }).ToList();
            using var input = image.Feed(PlainModel.Picture(image));
            var (layerOutputs, heads) = OrtErrors.Translate(fileName, () => session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, [.. plain.Keys, .. outputs], values =>
            {
                Compare(plain, values);
                return Describe(layout, outputs, [.. values.Skip(plain.Count)]);
            }));
            OtherSites = ofVision.Count - layers.Count;
            return new VisionTower
            {
                Session = session,
                Model = instrumented.Model,
                InputName = image.Name,
                InputType = image.ElementType,
                ImageSize = image.Size,
                PatchSize = new(image.Size.Width / layout.Grid.Columns, image.Size.Height / layout.Grid.Rows),
                Grid = layout.Grid,
                PrefixTokens = layout.Prefix,
                SuffixTokens = layout.Suffix,
                Tokens = layout.Tokens,
                Heads = heads,
                HasCls = layout.HasCls,
                Layers = layerOutputs,
                OutputKind = output?.Kind ?? VisionOutputKind.None,
                Output = output is { } chosen ? plain[chosen.Name].Info : null,
            };
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void RefuseWithoutLayers(List<AttentionSite> layers)
    {
        if (sites.Obstructed.FirstOrDefault(site => site.Node.Outputs.Any(output => (graph.DependsOn(output) & imageBit) != 0)) is { } obstructed)
            throw new ModelRefusedException($"{fileName}: {obstructed.Reason}, so there is no attention that could be shown ({obstructed.Node}).");
        if (layers.Count > 0) return;
        if (graph.Nodes.Any(node => node.Type.EndsWith("Conv", StringComparison.Ordinal) || node.Type is "ConvInteger")) throw new ModelRefusedException($"{fileName} is a convolutional network: no attention site found.");
        throw new ModelRefusedException($"{fileName} is no vision transformer: no attention site found{(graph.File.Functions.Count > 0 ? " outside its local functions; export it again with functions inlined" : "")}.");
    }

    private (InstrumentedModel Model, List<(string Mean, string Heads, string Hidden)> Layers) Instrument(
        List<AttentionSite> layers, ResidualStream stream, IEnumerable<string> compared)
    {
        var instrumenter = new GraphInstrumenter(graph);
        var names = new List<(string, string, string)>();
        for (var l = 0; l < layers.Count; l++)
        {
            var probabilities = layers[l].Probabilities ?? FusedAttention.Probabilities(instrumenter, layers[l].Node);
            var hidden = stream.States[l + 1] is { Tensor: { } tensor } ? tensor : stream.States[l + 1].Summands.Aggregate((sum, next) => instrumenter.Node("Add", [sum, next]));
            names.Add((instrumenter.Expose(instrumenter.MeanOverHeads(probabilities)), instrumenter.Expose(probabilities), instrumenter.Expose(hidden)));
        }
        if (graph.Inputs.Count == 1) return (instrumenter.Build(), names);
        foreach (var name in compared) instrumenter.Expose(name);
        return (instrumenter.BuildExposed(), names);
    }

    private void Compare(IReadOnlyDictionary<string, PlainOutput> plain, IReadOnlyList<OrtValue> values)
    {
        foreach (var ((name, expected), value) in plain.Zip(values)) expected.RefuseIfDifferent(fileName, name, Tensors.ToFloats(value));
    }

    private (List<LayerOutputs> Layers, int Heads) Describe(PatchLayout layout, List<string> names, List<OrtValue> values)
    {
        var layers = new List<LayerOutputs>();
        for (var i = 0; i < values.Count; i += 3)
        {
            var (mean, heads, hidden) = (Tensors.Describe(names[i], values[i]), Tensors.Describe(names[i + 1], values[i + 1]), Tensors.Describe(names[i + 2], values[i + 2]));
            AttentionShape.Refuse(fileName, layers.Count + 1, heads.Shape, layout.Tokens);
            AttentionShape.RefuseUnlessProbabilities(fileName, layers.Count + 1, Tensors.ToFloats(values[i]), layout.Tokens);
            layers.Add(new(mean, heads, hidden));
        }
        var headCounts = layers.Select(layer => layer.HeadAttention.Count / layout.Tokens / layout.Tokens).Distinct().ToList();
        if (headCounts.Count > 1) throw new ModelRefusedException($"{fileName} has layers with different numbers of heads ({string.Join(", ", headCounts)}).");
        return (layers, headCounts[0]);
    }
}
