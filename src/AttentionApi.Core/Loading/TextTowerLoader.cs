using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Loading;

/// <summary>Turns the text part of a graph into a <see cref="TextTower"/>; its attention is exposed but, unlike the vision tower's, not needed to serve the
/// model.</summary>
internal sealed class TextTowerLoader(SessionFactory factory, OnnxGraph graph, AttentionSites sites, TextInput text)
{
    private readonly string fileName = graph.File.FileName;
    private readonly ulong textBits = text.Bits(graph);

    /// <summary>Null, with a warning, where the tower gives no embedding.</summary>
    public TextTower? Load(PlainModel plain, List<string> warnings)
    {
        if (plain.Embedding(textBits) is not { } embedding)
        {
            warnings.Add($"{fileName} gives no text embedding [texts, width], so free labels are not offered.");
            return null;
        }
        var layers = sites.Found.Where(site => graph.DependsOn(site.Result) is var bits && bits != 0 && (bits & ~textBits) == 0 && !site.LearnedQuery).ToList();
        var instrumenter = new GraphInstrumenter(graph);
        List<string> attention = [];
        try
        {
            attention = [.. layers.Select(layer => instrumenter.Expose(layer.Probabilities ?? FusedAttention.Open(instrumenter, layer.Node).Probabilities))];
        }
        catch (ModelRefusedException reason)
        {
            instrumenter = new GraphInstrumenter(graph);
            warnings.Add($"The attention of the text tower cannot be shown: {reason.Message}");
        }

        var argMax = PooledPosition(embedding, layers);
        if (argMax is not null) instrumenter.Expose(argMax);
        instrumenter.Expose(embedding);
        var model = graph.Inputs.Count == text.Names.Count() ? instrumenter.Build() : instrumenter.BuildExposed();
        var session = OrtErrors.Translate(fileName, () => factory.Create(model));
        var inputs = PlainModel.Texts(text);
        try
        {
            var heads = OrtErrors.Translate(fileName, () => session.Run(inputs, [embedding, .. attention], values =>
            {
                plain.Outputs[embedding].ThrowIfDifferent(fileName, Tensors.ToFloats(values[0]));
                return values.Count == 1 ? 0 : Heads(values[1].GetTensorTypeAndShape().Shape, text.FixedBatch ?? 1);
            }));
            return new()
            {
                Session = session, Model = model, Input = text, Embedding = plain.Outputs[embedding].Info, Attention = attention, Heads = heads,
                PooledPositionTensor = argMax, FixedPooledPosition = argMax is null ? FixedPosition(embedding, layers) : null,
            };
        }
        catch
        {
            session.Dispose();
            throw;
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }

    private static int Heads(long[] shape, int batch) => (int)(shape.Length == 4 ? shape[1] : shape[0] / batch);

    /// <summary>The end token's position as the graph itself computes it: CLIP's arg-max over the ids, or over "is the end token".</summary>
    private string? PooledPosition(string embedding, List<AttentionSite> layers)
    {
        var beforeLayers = layers.Count == 0 ? [] : graph.Ancestors([layers[^1].Result]);
        return graph.Ancestors([embedding]).Where(node => node.Is("ArgMax") && !beforeLayers.Contains(node) && graph.DependsOn(node.Output(0)) != 0)
            .MaxBy(node => node.Index)?.Output(0);
    }

    /// <summary>The constant index by which one position is taken out of the last hidden states.</summary>
    private int? FixedPosition(string embedding, List<AttentionSite> layers)
    {
        if (layers.Count == 0) return null;
        var after = graph.Descendants(layers[^1].Result);
        var taken = graph.Ancestors([embedding]).Where(node =>
            node.Is("Gather") && node.Integer("axis", 0) == 1 && after.Contains(node)).MaxBy(node => node.Index);
        return graph.Constant(taken?.Input(1))?.Integers() is [var index] ? (int)index : null;
    }
}
