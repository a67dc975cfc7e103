using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Runtime.Text;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>
/// Gives a graph that has inputs beside picture and text the values that hide and change nothing: nodes of our own make them, so that everything behind sees a
/// graph that takes a picture. Names tell what an input is for; a trial shows how long it is, and that attention depends on the picture once it is filled.
/// </summary>
internal sealed class SideInputs
{
    /// <summary>Tokens before the patches that a mask may leave out: none, CLS, two, registers with and without CLS.</summary>
    private static readonly int[] LeftOut = [0, 1, 2, 4, 5];

    private const int MostMasks = 3;

    private readonly SessionFactory factory;
    private readonly OnnxGraph graph;
    private readonly ImageInput image;
    private readonly List<SideInput> masks;
    private readonly ulong imageBit;

    /// <param name="factory">Makes the sessions of the trials.</param>
    /// <param name="graph">With all other inputs beside the picture filled.</param>
    /// <param name="image">The picture.</param>
    /// <param name="masks">What is to be filled.</param>
    private SideInputs(SessionFactory factory, OnnxGraph graph, ImageInput image, List<SideInput> masks)
    {
        (this.factory, this.graph, this.image, this.masks) = (factory, graph, image, masks);
        imageBit = graph.InputBit(image.Name);
    }

    /// <returns>A graph that takes a picture and, where it has a text tower, a text.</returns>
    /// <exception cref="ModelRefusedException">An input's meaning is not known, or it cannot be filled so that attention depends on the picture; the message
    /// names it.</exception>
    public static OnnxGraph Fill(SessionFactory factory, OnnxGraph graph, ImageInput image, TextInput? text)
    {
        var others = graph.Inputs.Where(input => input.Name != image.Name && text?.Names.Contains(input.Name) != true)
            .Select(input => SideInput.Of(graph, input)).ToList();
        if (others.Count == 0) return graph;
        var (masks, adaptation) = (others.FindAll(input => input.Kind == SideInputKind.Mask), new InputAdaptation(graph));
        foreach (var input in others.Except(masks)) adaptation.Constant(input, image.HasOpenSides);
        var open = adaptation.Graph();
        return masks.Count == 0 ? open : new SideInputs(factory, open, image, masks).Fill();
    }

    private OnnxGraph Fill()
    {
        // Masks that no attention depends on do not matter; a graph without any attention is refused later.
        var site = new AttentionSites(graph).Found.LastOrDefault(found => (graph.DependsOn(found.Result) & imageBit) != 0);
        if (site is null || masks.TrueForAll(mask => (graph.DependsOn(site.Result) & graph.InputBit(mask.Name)) == 0))
        {
            return With(masks.Select(mask => mask.SeenValue), null);
        }
        foreach (var length in Lengths())
        {
            foreach (var values in Values())
            {
                var attempt = With(values, length);
                if (AttentionSeesPicture(attempt)) return attempt;
            }
        }
        throw SideInput.Unknown(graph, masks[0].Name);
    }

    /// <summary>The graph with the masks made, one value each.</summary>
    private OnnxGraph With(IEnumerable<int> values, MaskAxis? length)
    {
        var adaptation = new InputAdaptation(graph);
        foreach (var (mask, value) in masks.Zip(values))
            adaptation.Mask(mask, value, [.. mask.Dimensions.Select((_, axis) => Known(mask, axis) ?? length ?? MaskAxis.One)]);
        return adaptation.Graph();
    }

    /// <summary>The values that mean "seen", those that the names tell first.</summary>
    private IEnumerable<int[]> Values()
    {
        var combinations = masks.Count > MostMasks ? 1 : 1 << masks.Count;
        for (var flipped = 0; flipped < combinations; flipped++) yield return [.. masks.Select((mask, i) => mask.SeenValue ^ (flipped >> i & 1))];
    }

    /// <summary>
    /// Lengths that the axes which are declared by no number may have: those of what meets the masks, less tokens that they leave out. One null where there is
    /// no such axis.
    /// </summary>
    private IEnumerable<MaskAxis?> Lengths()
    {
        if (masks.TrueForAll(mask => Enumerable.Range(0, mask.Dimensions.Count).All(axis => Known(mask, axis) is not null))) return [null];
        var maskBits = masks.Aggregate(0UL, (bits, mask) => bits | graph.InputBit(mask.Name));
        string[] met = [.. graph.Nodes.Where(node => node.Inputs.Any(input => (graph.DependsOn(input) & maskBits) != 0))
            .SelectMany(node => node.Inputs).Where(input => graph.DependsOn(input) == imageBit).Distinct().Take(4)];
        if (met.Length == 0) return [null];
        var axes = Shapes(met)
            .SelectMany((shape, i) => shape.Index().Where(axis => axis.Item > 1).Select(axis => (Tensor: met[i], Axis: axis.Index, Length: axis.Item)))
            .DistinctBy(axis => axis.Length).ToList();
        return LeftOut.SelectMany(left => axes.Where(axis => axis.Length > left).Select(axis => (MaskAxis?)new MaskAxis(axis.Tensor, axis.Axis, -left)));
    }

    /// <summary>An axis of a mask as far as its declaration tells: a number, or one of the picture's.</summary>
    private MaskAxis? Known(SideInput mask, int axis)
    {
        var dimension = mask.Dimensions[axis];
        if (dimension.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue) return new(null, 0, dimension.DimValue);
        if (axis == 0) return new(image.Name, 0, 0);
        if (dimension.DimParam.Length > 0 && Array.IndexOf(image.Symbols, dimension.DimParam) is var same and > 0) return new(image.Name, same, 0);
        // [batch, height, width]
        return mask.Name.Contains("pixel", StringComparison.OrdinalIgnoreCase) && mask.Dimensions.Count >= 3 && axis >= mask.Dimensions.Count - 2
            ? new(image.Name, axis - mask.Dimensions.Count + 4, 0) : null;
    }

    private List<long[]> Shapes(string[] tensors)
    {
        var instrumenter = new GraphInstrumenter(graph);
        foreach (var tensor in tensors) instrumenter.Expose(tensor);
        using var session = OrtErrors.Translate(graph.File.FileName, () => factory.CreateInMemory(instrumenter.BuildExposed()));
        using var input = image.Feed(PlainModel.Picture(image));
        return OrtErrors.Translate(graph.File.FileName, () => session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, tensors,
            values => values.Select(value => value.GetTensorTypeAndShape().Shape).ToList()));
    }

    /// <summary>Where everything is hidden, attention is the same for every picture, or no number at all.</summary>
    private bool AttentionSeesPicture(OnnxGraph filled)
    {
        const float smallest = 1e-6f;
        var site = new AttentionSites(filled).Found.LastOrDefault(found => filled.DependsOn(found.Result) == filled.InputBit(image.Name));
        if (site is null) return false;
        var instrumenter = new GraphInstrumenter(filled);
        var probabilities = instrumenter.Expose(site.Probabilities ?? FusedAttention.Open(instrumenter, site.Node).Probabilities);
        try
        {
            using var session = factory.CreateInMemory(instrumenter.BuildExposed());
            var picture = PlainModel.Picture(image);
            var (first, second) = (Attention(picture), Attention(Array.ConvertAll(picture, value => -value)));
            return first.Zip(second).Any(pair => MathF.Abs(pair.First - pair.Second) > smallest) && first.All(float.IsFinite);

            float[] Attention(float[] pixels)
            {
                using var input = image.Feed(pixels);
                return session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, [probabilities], values => Tensors.ToFloats(values[0]));
            }
        }
        catch (OnnxRuntimeException)
        {
            // Another length fits.
            return false;
        }
    }
}
