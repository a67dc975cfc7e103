using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>
/// Finds out whether a graph with open sides takes pictures of other sizes as a trained model does: its positions have to be interpolated, or computed from the
/// grid, and a trial has to give attention over the patches of that size, in rows.
/// </summary>
internal sealed class ResolutionProbe(SessionFactory factory, OnnxGraph graph, ImageInput image, string embeddings, VisionTower native)
{
    /// <summary>Patches on a side at least: fewer make no map.</summary>
    private const int FewestPatches = 2;

    /// <summary>Patches on a side at most, in multiples of the model's own; positions farther apart than trained ones say less and less.</summary>
    private const int LargestFactor = 2;

    /// <summary>Tokens at most, where the model's own size has not more: the attention of 12 layers of 1,600 tokens takes 123 MB.</summary>
    private const int MostTokens = 1600;

    private int Step => native.PatchSize.Width;

    /// <returns>The sizes, or null where the model takes only its own.</returns>
    public ResolutionRange? Find()
    {
        var (size, grid) = (native.ImageSize, native.Layout.Grid);
        var wholePatches = native.PatchSize.Height == Step && new PixelSize(grid.Columns * Step, grid.Rows * Step) == size;
        if (!image.HasOpenSides || !wholePatches || !FollowsGrid()) return null;
        if (!RunsAt(new(grid.Rows + 1, grid.Columns + 2)) || !RunsAt(new(grid.Rows + 2, grid.Columns - 1))) return null;
        var fewest = RunsAt(new(FewestPatches, FewestPatches)) ? FewestPatches : Math.Min(grid.Rows, grid.Columns);
        var own = Math.Max(grid.Rows, grid.Columns);
        var most = Math.Max(own, Math.Min(LargestFactor * own, (int)Math.Sqrt(MostTokens - native.Layout.PrefixTokens - native.Layout.SuffixTokens)));
        return new(fewest * Step, Math.Min(most, ImageInput.LargestEdge / Step) * Step, Step);
    }

    /// <summary>
    /// Whether something on the way to the last layer's attention is resized, or computed by sine and cosine, that follows from the picture's shape and not
    /// from its pixels: a table of positions, or rotary ones. A table that is only cut would give patches the places of others.
    /// </summary>
    private bool FollowsGrid()
    {
        var needed = graph.Ancestors([native.Layers[^1].HiddenState.Name]);
        return needed.Any(node =>
            node.Type is "Resize" or "Upsample" or "GridSample" or "Sin" or "Cos" && graph.DependsOn(node.Output(0)) == 0 && FollowsShape(node));
    }

    private bool FollowsShape(OnnxNode node) =>
        graph.Ancestors(node.Inputs).Any(before => before.Type is "Shape" or "Size" && before.Inputs.Any(input => graph.DependsOn(input) != 0));

    private bool RunsAt(PatchGrid grid)
    {
        var size = new PixelSize(grid.Columns * Step, grid.Rows * Step);
        if (grid.Rows < 1 || grid.Columns < 1) return true;
        try
        {
            var other = image with { Size = size };
            var (tower, layout) = (native.At(size), PatchLayout.Measure(factory, graph, other, embeddings));
            var expected = (native.Layout.PrefixTokens, grid, native.Layout.SuffixTokens, PixelArea.Of(size));
            if ((layout.PrefixTokens, layout.Grid, layout.SuffixTokens, layout.Area) != expected) return false;
            TensorInfo[] tensors = [.. tower.Layers.SelectMany(layer => new[] { layer.MeanAttention, layer.HiddenState }), tower.Layers[0].HeadAttention,
                .. tower.Output is { } output ? [output] : Array.Empty<TensorInfo>()];
            using var input = other.Feed(PlainModel.Picture(other));
            return tower.Session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, [.. tensors.Select(tensor => tensor.Name)], values =>
                tensors.Zip(values)
                    .All(pair => pair.First.Shape.SequenceEqual(pair.Second.GetTensorTypeAndShape().Shape) && IsProbability(pair.First, pair.Second, tower)));
        }
        catch (Exception failure) when (failure is OnnxRuntimeException or ModelRefusedException)
        {
            return false;
        }
    }

    private static bool IsProbability(TensorInfo tensor, OrtValue value, VisionTower tower)
    {
        var layer = tower.Layers.ToList().FindIndex(layer => layer.MeanAttention == tensor);
        if (layer >= 0) AttentionShape.ThrowIfNoProbabilities(Path.GetFileName(tower.Model.SourcePath), layer + 1, Tensors.ToFloats(value), tower.Tokens);
        return true;
    }
}
