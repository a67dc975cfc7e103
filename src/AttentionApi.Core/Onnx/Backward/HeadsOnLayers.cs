using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// The tower with copies of its own head that read the hidden states of earlier layers, as LeGrad asks for: layer l has an answer of its own.
/// </summary>
internal sealed class HeadsOnLayers
{
    private readonly GraphInstrumenter nodes;
    private readonly Dictionary<string, long[]> shapes;

    /// <summary>The tower's graph with the copies.</summary>
    public TowerGraph Tower { get; }

    /// <summary>The measured shapes, with those of the copies.</summary>
    public ForwardShapes Shapes { get; }

    /// <summary>By layer from 1: the answer.</summary>
    public Dictionary<int, string> Answers { get; } = [];

    /// <summary>By layer: the probabilities with which a learned query pools its tokens; empty where the head has none.</summary>
    public Dictionary<int, string> Pooling { get; } = [];

    /// <param name="tower">The tower.</param>
    /// <param name="measured">Shapes of its tensors.</param>
    /// <param name="fromLayer">The first layer that gets a head, from 1.</param>
    /// <param name="ofMean">True where every head reads the mean of all tokens in the place of any token.</param>
    public HeadsOnLayers(TowerGraph tower, ForwardShapes measured, int fromLayer, bool ofMean)
    {
        (nodes, shapes) = (new GraphInstrumenter(tower.Graph), new(measured.Measured));
        Shapes = measured with { Measured = shapes };
        var last = tower.States[^1];
        var needed = tower.Graph.Ancestors([tower.Answer]);
        var head = tower.Graph.Descendants(last).Where(needed.Contains).OrderBy(node => node.Index).ToList();
        for (var layer = fromLayer; layer <= tower.Layers.Count; layer++)
        {
            var copies = new Dictionary<string, string> { [last] = ofMean ? MeanInEveryPlace(tower.States[layer]) : tower.States[layer] };
            if (copies[last] != last) Copy(head, copies);
            Answers[layer] = copies.GetValueOrDefault(tower.Answer, tower.Answer);
            if (tower.Pooling?.Probabilities is { } pooling) Pooling[layer] = copies.GetValueOrDefault(pooling, pooling);
        }
        Tower = tower with { Graph = nodes.Rewritten() };
    }

    private void Copy(List<OnnxNode> head, Dictionary<string, string> copies)
    {
        foreach (var node in head)
        {
            var copy = node.Proto.Clone();
            copy.Name = nodes.Name(node.Type);
            for (var i = 0; i < copy.Input.Count; i++) copy.Input[i] = copies.GetValueOrDefault(copy.Input[i], copy.Input[i]);
            for (var i = 0; i < copy.Output.Count; i++)
            {
                if (copy.Output[i].Length == 0) continue;
                var name = copies[copy.Output[i]] = nodes.Name(node.Type);
                if (shapes.TryGetValue(copy.Output[i], out var shape)) shapes[name] = shape;
                copy.Output[i] = name;
            }
            nodes.Append(copy);
        }
    }

    private string MeanInEveryPlace(string state)
    {
        var shape = shapes[state];
        var axis = TowerGraph.TokenAxis(shape);
        var mean = nodes.Mean(state, axis, keepsAxis: true);
        var everywhere = nodes.Node("Expand", [mean, nodes.Node("Shape", [state])]);
        long[] one = [.. shape.Select((size, i) => i == axis ? 1 : size)];
        (shapes[mean], shapes[everywhere]) = (one, shape);
        return everywhere;
    }
}
