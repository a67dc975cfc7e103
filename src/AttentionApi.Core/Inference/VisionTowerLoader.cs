using System.Numerics.Tensors;
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

    /// <summary>Attention sites that see the picture and are no layers: pooling heads, cross-attention.</summary>
    public int OtherSites { get; private set; }

    /// <param name="plainModel">The unchanged model.</param>
    /// <param name="config">What the configuration says about the answer.</param>
    /// <param name="hasText">True where there is a text tower: the answer is an embedding then.</param>
    public VisionTower Load(PlainModel plainModel, ModelConfig config, bool hasText)
    {
        var layers = Layers();
        var stream = ResidualStream.Find(graph, layers)
            ?? throw new ModelRefusedException($"{fileName}: a layer's attention is not added to the hidden states that it was computed from, so there is no residual stream to follow.");
        var layout = PatchLayout.Measure(factory, graph, image, stream.States[0].Tensor!);
        var plain = plainModel.OutputsOf(imageBit);
        var answer = hasText && plainModel.Embedding(imageBit) is { } embedding ? (embedding, VisionOutputKind.ImageEmbedding) : ModelOutputs.WithoutText(plain, config);

        var (model, names) = Instrument(layers, stream, plain.Keys);
        var session = OrtErrors.Translate(fileName, () => factory.Create(model));
        try
        {
            var probe = Probe(session, plain, names, layout);
            var (readOut, refusal) = answer is { } chosen ? OpenReadOut(stream.States[^1], probe, plain[chosen.Name], chosen.Kind) : (null, "the model gives no answer that labels could be compared with");
            return new VisionTower
            {
                Session = session,
                Model = model,
                InputName = image.Name,
                InputType = image.ElementType,
                ImageSize = image.Size,
                PatchSize = new(image.Size.Width / layout.Grid.Columns, image.Size.Height / layout.Grid.Rows),
                Grid = layout.Grid,
                PrefixTokens = layout.Prefix,
                SuffixTokens = layout.Suffix,
                Tokens = layout.Tokens,
                Heads = probe.Heads,
                HasCls = layout.HasCls,
                Layers = probe.Layers,
                OutputKind = answer?.Kind ?? VisionOutputKind.None,
                Output = answer is { } output ? plain[output.Name].Info : null,
                ReadOut = readOut,
                ReadOutRefusal = refusal,
            };
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private List<AttentionSite> Layers()
    {
        if (sites.Obstructed.FirstOrDefault(site => site.Node.Outputs.Any(output => (graph.DependsOn(output) & imageBit) != 0)) is { } obstructed)
            throw new ModelRefusedException($"{fileName}: {obstructed.Reason}, so there is no attention that could be shown ({obstructed.Node}).");
        var seeing = sites.Found.Where(site => (graph.DependsOn(site.Result) & imageBit) != 0).ToList();
        var layers = seeing.FindAll(site => graph.DependsOn(site.Result) == imageBit && !site.LearnedQuery);
        OtherSites = seeing.Count - layers.Count;
        if (layers.Count > 0) return layers;
        if (graph.Nodes.Any(node => node.Type is "Conv" or "ConvInteger" or "QLinearConv" or "FusedConv")) throw new ModelRefusedException($"{fileName} is a convolutional network: no attention site found.");
        throw new ModelRefusedException($"{fileName} is no vision transformer: no attention site found{(graph.File.Functions.Count > 0 ? " outside its local functions; export it again with functions inlined" : "")}.");
    }

    private (InstrumentedModel Model, List<(string Mean, string Heads, string Hidden)> Names) Instrument(List<AttentionSite> layers, ResidualStream stream, IEnumerable<string> compared)
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

    private sealed record ProbeResult(List<LayerOutputs> Layers, int Heads, float[] LastHidden);

    /// <summary>The first run: answers as the plain model's, attention that is attention, and every tensor's shape.</summary>
    private ProbeResult Probe(InferenceSession session, IReadOnlyDictionary<string, PlainOutput> plain, List<(string Mean, string Heads, string Hidden)> names, PatchLayout layout)
    {
        using var input = image.Feed(PlainModel.Picture(image));
        string[] outputs = [.. plain.Keys, .. names.SelectMany(layer => new[] { layer.Mean, layer.Heads, layer.Hidden })];
        return OrtErrors.Translate(fileName, () => session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, outputs, values =>
        {
            var layers = new List<LayerOutputs>();
            for (var i = plain.Count; i < values.Count; i += 3)
            {
                var (mean, heads, hidden) = (Tensors.Describe(outputs[i], values[i]), Tensors.Describe(outputs[i + 1], values[i + 1]), Tensors.Describe(outputs[i + 2], values[i + 2]));
                layers.Add(new(mean, heads, hidden));
                AttentionShape.Refuse(fileName, layers.Count, heads.Shape, layout.Tokens);
                AttentionShape.RefuseUnlessProbabilities(fileName, layers.Count, Tensors.ToFloats(values[i]), layout.Tokens);
            }
            foreach (var (expected, value) in plain.Values.Zip(values)) expected.RefuseIfDifferent(fileName, Tensors.ToFloats(value));
            var headCounts = layers.Select(layer => layer.HeadAttention.Count / layout.Tokens / layout.Tokens).Distinct().ToList();
            if (headCounts.Count > 1) throw new ModelRefusedException($"{fileName} has layers with different numbers of heads ({string.Join(", ", headCounts)}).");
            return new ProbeResult(layers, headCounts[0], Tensors.ToFloats(values[^1]));
        }));
    }

    /// <summary>Opens the read-out and lets it give the model's own answer again before it is offered.</summary>
    private (ReadOutSession? Session, string? Refusal) OpenReadOut(HiddenState last, ProbeResult probe, PlainOutput answer, VisionOutputKind kind)
    {
        const float tolerance = 10;
        var hidden = probe.Layers[^1].HiddenState;
        var readOut = ReadOutBuilder.Build(graph, last, hidden.Shape, (int)hidden.ElementType, answer.Info.Name, sites);
        if (readOut.Model is null) return (null, readOut.Refusal);
        var width = (int)hidden.Shape[^1];
        var opened = new ReadOutSession
        {
            Session = OrtErrors.Translate(fileName, () => factory.Create(readOut.Model)),
            InputType = hidden.ElementType,
            HiddenWidth = width,
            Width = answer.Values.Length,
            HeadToken = readOut.HeadToken,
            FirstOfTwoHeads = readOut.FirstOfTwoHeads,
        };
        var read = new float[opened.Width];
        using var row = Tensors.FromFloats(probe.LastHidden.AsSpan(readOut.HeadToken * width, width).ToArray(), [1, width], hidden.ElementType);
        OrtErrors.Translate(fileName, () => { opened.Read(row, read); return true; });
        var expected = answer.Values.ToArray();
        if (kind == VisionOutputKind.ImageEmbedding)
        {
            // Whether the model itself normalises its embedding is of no matter to cosines.
            TensorPrimitives.Divide(expected, TensorPrimitives.Norm<float>(expected), expected);
            TensorPrimitives.Divide(read, TensorPrimitives.Norm<float>(read), read);
        }
        if (readOut.FirstOfTwoHeads || PlainOutput.Difference(expected, read) <= tolerance * answer.Tolerance) return (opened, null);
        opened.Dispose();
        return (null, "the final norm and the head, taken by themselves, do not give the model's answer again");
    }
}
