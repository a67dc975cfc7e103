using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading;

/// <summary>
/// Turns the vision part of a graph into a <see cref="VisionTower"/>: finds its layers, exposes their attention and hidden states, runs it once, and checks
/// what came out.
/// </summary>
internal sealed class VisionTowerLoader(SessionFactory factory, OnnxGraph graph, AttentionSites sites, ImageInput image)
{
    private const int MostHeads = 16;
    private const long LargestProbe = 256 << 20;

    private readonly string fileName = graph.File.FileName;
    private readonly ulong imageBit = graph.InputBit(image.Name);

    /// <summary>Attention sites that depend on the picture and are not layers: pooling heads, cross-attention.</summary>
    public int OtherSites { get; private set; }

    /// <summary>The sites that are layers, the first first; known once the tower was loaded.</summary>
    public IReadOnlyList<AttentionSite> Layers { get; private set; } = [];

    /// <param name="plainModel">The unchanged model.</param>
    /// <param name="config">What the configuration says about the answer.</param>
    /// <param name="hasText">True where there is a text tower: the answer is an embedding then.</param>
    /// <param name="warnings">Gets a sentence for what had to be guessed.</param>
    public VisionTower Load(PlainModel plainModel, ModelConfig config, bool hasText, List<string> warnings)
    {
        var layers = FindLayers();
        while (true)
        {
            var stream = ResidualStream.Find(graph, layers) ?? throw Refused(
                "a layer's attention is not added to the hidden states that it was computed from, so there is no residual stream to follow");
            var layout = PatchLayout.Measure(factory, graph, image, stream.States[0].Tensor!);
            var plain = plainModel.OutputsOf(imageBit);
            var answer = ModelOutputs.Answer(plainModel, imageBit, config, hasText);
            var doubt = ModelOutputs.Doubt(plain, answer);
            // Where the graph turns logits into scores, the logits are taken: scores are not squashed twice, and patches can be read out.
            var squashed = answer is (var scores, VisionOutputKind.Logits) ? plainModel.LogitsBefore(scores) : null;
            if (squashed is { Logits: var logits }) plain = plain.Append(new(logits.Info.Name, logits)).ToDictionary();
            var (model, names, blocks) = Instrument(layers, stream, plain.Keys);
            var session = OrtErrors.Translate(fileName, () => factory.Create(model));
            try
            {
                var probe = Probe(session, plain, names, stream.States[0].Tensor!, blocks, layout.Count);
                // A site with a single query pools the tokens for the head (class attention) and is not a layer: the others are instrumented again.
                var lasting = layers.Where((_, l) => probe.Layers[l].HeadAttention.Shape is not [.., 1, > 1]).ToList();
                if (lasting.Count < layers.Count && lasting.Count > 0)
                {
                    OtherSites += layers.Count - lasting.Count;
                    layers = lasting;
                    session.Dispose();
                    continue;
                }
                Check(probe, layout);
                Layers = layers;
                var hasCls = HasCls(layout, stream, probe, answer?.Name ?? ModelOutputs.Embedding(plain), config, warnings);
                if (doubt is not null) warnings.Add(doubt);
                var tokens = new TokenLayout(layout.PrefixTokens, layout.Grid, layout.SuffixTokens, hasCls);
                var output = squashed?.Logits ?? (answer is { } chosen ? plain[chosen.Name] : null);
                return Assemble(session, model, new(layout, tokens, stream, blocks, probe), output, answer?.Kind ?? VisionOutputKind.None)
                    with { GraphScores = squashed?.Kind };
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }
    }

    /// <summary>Whether the first token is a class token: the head decides, else the configuration, else that there is such a token.</summary>
    private bool HasCls(PatchLayout layout, ResidualStream stream, ProbeResult probe, string? answer, ModelConfig config, List<string> warnings)
    {
        if (layout.PrefixTokens == 0) return false;
        var reading = answer is null ? TokenReading.Unknown
            : new FirstToken(factory, graph, image).Measure(stream.States[^1], probe.Layers[^1].HiddenState, answer, layout.PrefixTokens);
        if (reading != TokenReading.Unknown) return reading == TokenReading.First || config.HasClassToken == true;
        if (layout.FirstPart == 1 && config is { HasClassToken: null, Family: null })
            warnings.Add("Neither head nor configuration says what the first token is: it is taken for a class token.");
        return layout.FirstPart == 1 && config.HasClassToken != false;
    }

    private VisionTower Assemble(InferenceSession session, InstrumentedModel model, Findings found, PlainOutput? answer, VisionOutputKind kind)
    {
        var (layout, tokens, stream, blocks, probe) = found;
        var readOuts = new ReadOutLoader(factory, graph, stream.States[^1], probe.Layers[^1].HiddenState);
        var (readOut, refusal) = answer is null ? (null, "the model gives no answer that labels could be compared with")
            : readOuts.Open(sites, probe.Hidden[^1], answer, normalised: kind == VisionOutputKind.ImageEmbedding);
        var opened = blocks.Open(factory, probe.Blocks, probe.HeadAttention, probe.Hidden, readOut);
        var tower = new VisionTower
        {
            Session = session,
            Model = model,
            InputName = image.Name,
            InputType = image.ElementType,
            ImageSize = image.Size,
            PatchSize = layout.Step,
            PatchArea = layout.Area,
            Layout = tokens with { HeadToken = readOut?.HeadToken ?? 0 },
            Heads = probe.Layers[0].HeadAttention.Count / layout.Count / layout.Count,
            Layers = probe.Layers,
            Embeddings = probe.Embeddings,
            OutputKind = kind,
            Output = answer?.Info,
            ReadOut = readOut,
            ReadOutRefusal = refusal,
            FinalNorm = readOuts.OpenNorm(),
            Blocks = opened,
            BlocksRefusal = blocks.Refusal,
            PartsRefusal = refusal ?? blocks.Refusal ?? blocks.PartsRefusal,
            Batches = factory.Batches,
        };
        tower = BatchProbe.Measured(tower, PlainModel.Picture(image));
        return tower with { Resolutions = new ResolutionProbe(factory, graph, image, stream.States[0].Tensor!, tower).Find() };
    }

    private List<AttentionSite> FindLayers()
    {
        if (sites.Obstructed.FirstOrDefault(site => site.Node.Outputs.Any(output => (graph.DependsOn(output) & imageBit) != 0)) is { } obstructed)
            throw new ModelRefusedException($"{fileName}: {obstructed.Reason}, so there is no attention that could be shown ({obstructed.Node}).");
        var seeing = sites.Found.Where(site => (graph.DependsOn(site.Result) & imageBit) != 0).ToList();
        var layers = seeing.FindAll(site => graph.DependsOn(site.Result) == imageBit && !site.LearnedQuery);
        OtherSites = seeing.Count - layers.Count;
        if (layers.Count > 0) return layers;
        // One convolution may cut a transformer's patches, and where two tensors are multiplied there may be attention of another kind.
        var convolutions = graph.Nodes.Count(node => node.Type is "Conv" or "ConvInteger" or "QLinearConv" or "FusedConv");
        var multiplies = graph.Nodes.Any(node => Products.Is(node) && Products.Operands(node).All(operand => (graph.DependsOn(operand) & imageBit) != 0));
        if (convolutions > 1 && !multiplies) throw new ModelRefusedException($"{fileName} is a convolutional network: no attention site found.");
        if (graph.File.Functions.Count > 0)
            throw new ModelRefusedException($"{fileName}: no attention site found outside its local functions; export it again with functions inlined.");
        throw new ModelRefusedException($"{fileName}: no attention site found, that is, no softmax over the keys between a product of queries and keys and a "
            + $"product with values{(multiplies ? "; attention in other forms, as with sigmoids, is not read" : "")}.");
    }

    private (InstrumentedModel Model, List<(string Mean, string Heads, string Hidden)> Names, BlockLoader Blocks) Instrument(List<AttentionSite> layers,
        ResidualStream stream, IEnumerable<string> compared)
    {
        var instrumenter = new GraphInstrumenter(graph);
        var finder = new OperandFinder(graph);
        var names = new List<(string, string, string)>();
        var operands = new List<AttentionOperands>();
        for (var l = 0; l < layers.Count; l++)
        {
            var (probabilities, sides) = layers[l].Probabilities is { } given ? (given, finder.Find(layers[l]))
                : FusedAttention.Open(instrumenter, layers[l].Node);
            operands.Add(sides);
            var hidden = stream.States[l + 1].In(instrumenter);
            names.Add((instrumenter.Expose(instrumenter.MeanOverHeads(probabilities)), instrumenter.Expose(probabilities), instrumenter.Expose(hidden)));
        }
        instrumenter.Expose(stream.States[0].Tensor!);
        var blocks = new BlockLoader(instrumenter, layers, stream, operands);
        foreach (var name in compared) instrumenter.Expose(name);
        return (graph.Inputs.Count == 1 ? instrumenter.Build() : instrumenter.BuildExposed(), names, blocks);
    }

    /// <summary>What the first run gave: every tensor's shape, the mean attention of each layer, and the last hidden states.</summary>
    private sealed record ProbeResult(List<LayerOutputs> Layers, TensorInfo Embeddings, List<float[]> MeanAttention, List<float[]> HeadAttention,
        List<float[]> Hidden, BlockTrial? Blocks, Action ThrowIfDifferent);

    /// <param name="session">The instrumented model.</param>
    /// <param name="plain">The answers to compare with.</param>
    /// <param name="names">Tensors of each layer.</param>
    /// <param name="embeddings">What enters the first layer.</param>
    /// <param name="blocks">The insides of the layers.</param>
    /// <param name="tokens">N.</param>
    private ProbeResult Probe(InferenceSession session, IReadOnlyDictionary<string, PlainOutput> plain, List<(string Mean, string Heads, string Hidden)> names,
        string embeddings, BlockLoader blocks, int tokens)
    {
        // Every head is fetched where that is cheap; of a very large model (4 GB of attention for 40 layers of 1,025 tokens) only the first layer's heads and
        // every layer's mean.
        var headsOf = 4L * names.Count * MostHeads * tokens * tokens <= LargestProbe ? names.Count : 1;
        using var input = image.Feed(PlainModel.Picture(image));
        string[] outputs = [.. plain.Keys, .. names.Select(layer => layer.Mean), embeddings, .. names.Select(layer => layer.Hidden), .. names.Take(headsOf)
            .Select(layer => layer.Heads), .. blocks.Outputs];
        return OrtErrors.Translate(fileName, () => session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, outputs, values =>
        {
            TensorInfo Describe(int i) => Tensors.Describe(outputs[i], values[i]);
            var (means, hidden, heads) = (plain.Count, plain.Count + names.Count, plain.Count + 2 * names.Count + 1);
            List<float[]> Floats(int start, int count) => [.. values.Skip(start).Take(count).Select(Tensors.ToFloats)];
            var answers = plain.Values.Zip(values.Take(plain.Count).Select(Tensors.ToFloats)).ToList();
            return new ProbeResult(
                [.. names.Select((layer, l) => new LayerOutputs(Describe(means + l), l < headsOf ? Describe(heads + l)
                    : Describe(heads) with { Name = layer.Heads }, Describe(hidden + 1 + l)))],
                Describe(hidden),
                Floats(means, names.Count),
                Floats(heads, headsOf),
                Floats(hidden, names.Count + 1),
                blocks.Read([.. values.Skip(heads + headsOf)], Describe(heads).Count / tokens / tokens, tokens),
                () => answers.ForEach(answer => answer.First.ThrowIfDifferent(fileName, answer.Second)));
        }));
    }

    /// <summary>Checks that attention is over all tokens, that all layers have the same number of heads, and that the answers are the plain model's.</summary>
    private void Check(ProbeResult probe, PatchLayout layout)
    {
        for (var l = 0; l < probe.Layers.Count; l++)
        {
            AttentionShape.ThrowIfPartial(fileName, l + 1, probe.Layers[l].HeadAttention.Shape, layout.Count);
            if (probe.MeanAttention[l].Length != layout.Count * layout.Count) throw Refused($"layer {l + 1} attends to other tokens than layer 1");
            AttentionShape.ThrowIfNoProbabilities(fileName, l + 1, probe.MeanAttention[l], layout.Count);
        }
        var heads = probe.Layers.Select(layer => layer.HeadAttention.Count / layout.Count / layout.Count).Distinct().ToList();
        if (heads.Count > 1) throw Refused($"its layers have different numbers of heads ({string.Join(", ", heads)})");
        probe.ThrowIfDifferent();
    }

    private ModelRefusedException Refused(string reason) => new($"{fileName} cannot be explained: {reason}.");

    /// <summary>What is known of the tower when it is put together.</summary>
    private sealed record Findings(PatchLayout Layout, TokenLayout Tokens, ResidualStream Stream, BlockLoader Blocks, ProbeResult Probe);
}
