using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>
/// Settles at which size a graph with open sides is given its pictures: the first size named in the files at which its stem runs; where there is none, the size
/// for which the graph holds a table of positions; else the only usual size at which it runs.
/// </summary>
internal sealed class InputSizeTrial
{
    private static readonly int[] UsualEdges = [224, 384, 256, 336, 448, 512, 518, 196, 192, 240, 288, 160, 144, 128, 112, 96, 64, 48, 32, 28];

    /// <summary>Tokens that a table of positions may have beside those of the patches: CLS, none, CLS and distillation, registers.</summary>
    private static readonly int[] OtherTokens = [1, 0, 2, 5, 4, 3];

    private readonly OnnxGraph graph;
    private readonly ImageInput image;
    private readonly Func<PixelSize, bool> runs;
    private readonly HashSet<OnnxNode> stem;

    private InputSizeTrial(OnnxGraph graph, ImageInput image, HashSet<OnnxNode> stem, Func<PixelSize, bool> runs) =>
        (this.graph, this.image, this.stem, this.runs) = (graph, image, stem, runs);

    /// <returns>The input with a size.</returns>
    /// <exception cref="ModelRefusedException">Neither files nor graph say a size, or it is too large.</exception>
    public static ImageInput Settle(SessionFactory factory, OnnxGraph graph, ImageInput image, ModelConfig config, List<string> warnings)
    {
        var (size, source) = Choose(factory, graph, image, InputSize.Candidates(config, image.Fixed.Width, image.Fixed.Height), warnings);
        if (size.Width > ImageInput.LargestEdge || size.Height > ImageInput.LargestEdge) throw ImageInput.TooLarge(graph.File.FileName, $"{size}");
        // Where the preprocessing says the same, its reader warns.
        if (config.ImageSize is { } stated && stated != size && source is not null && config.PreparedSize?.Size != stated)
            warnings.Add($"The configuration says pictures of {stated}, {source} {size}: {source} is followed.");
        return image with { Size = size };
    }

    /// <returns>The size, and the file or graph that says it; null where a warning has said so already.</returns>
    private static (PixelSize Size, string? Source) Choose(SessionFactory factory, OnnxGraph graph, ImageInput image, IReadOnlyList<InputSizeCandidate> said,
        List<string> warnings)
    {
        if (image.Fixed is (not null, not null)) return (said[0].Size, said[0].Source);
        // What cannot be tried is taken as the files say; the first run of the whole model shows whether it is right.
        if (StemOutput(graph, image) is not { } embeddings) return said.Count > 0 ? (said[0].Size, said[0].Source) : throw NothingSays(graph, image);
        var instrumenter = new GraphInstrumenter(graph);
        instrumenter.Expose(embeddings);
        using var session = OrtErrors.Translate(graph.File.FileName, () => factory.CreateInMemory(instrumenter.BuildExposed()));
        var trial = new InputSizeTrial(graph, image, graph.Ancestors([embeddings]), size => Runs(session, image with { Size = size }, embeddings));
        return trial.Choose(said, warnings);
    }

    private (PixelSize, string?) Choose(IReadOnlyList<InputSizeCandidate> said, List<string> warnings)
    {
        var possible = said.Where(one => one.Size.Width <= ImageInput.LargestEdge && one.Size.Height <= ImageInput.LargestEdge).ToList();
        if (possible.Find(one => runs(one.Size)) is { } first)
        {
            if (first == said[0]) return (first.Size, first.Source);
            warnings.Add($"{said[0].Source} says pictures of {said[0].Size}, at which the graph does not run: "
                + $"{first.Size} is taken, which {first.Source} says.");
            return (first.Size, null);
        }
        var why = said.Count == 0 ? "No file says at which size pictures are given"
            : $"The graph does not run on pictures of {string.Join(" or ", said.Select(one => one.Size))}, as the files say";
        if (TableSizes().FirstOrDefault(runs) is { Width: > 0 } held)
        {
            warnings.Add($"{why}: {held} is taken, for which the graph holds positions.");
            return (held, null);
        }
        if (said.Count > 0) return (said[0].Size, said[0].Source);
        if (UsualSizes().Where(runs).Take(2).ToList() is not [var only]) throw NothingSays(graph, image);
        warnings.Add($"{why}: {only} is taken, the only usual size at which the graph runs.");
        return (only, null);
    }

    /// <summary>The hidden state that enters the first layer; null where the graph has no layers, or other inputs have a part in it.</summary>
    private static string? StemOutput(OnnxGraph graph, ImageInput image)
    {
        var bit = graph.InputBit(image.Name);
        var layers = new AttentionSites(graph).Found.FindAll(site => (graph.DependsOn(site.Result) & bit) != 0 && !site.LearnedQuery);
        return layers.Count > 0 && ResidualStream.Find(graph, layers[..1])?.States[0].Tensor is { } tensor && graph.DependsOn(tensor) == bit ? tensor : null;
    }

    private static bool Runs(InferenceSession session, ImageInput image, string embeddings)
    {
        try
        {
            using var input = image.Feed(new float[image.Count]);
            return session.Run(new Dictionary<string, OrtValue> { [image.Name] = input }, [embeddings], values =>
                values[0].GetTensorTypeAndShape().ElementCount > 0);
        }
        catch (OnnxRuntimeException)
        {
            return false;
        }
    }

    /// <summary>Sizes that follow from tables of positions, one row a token, and the step of the convolution that cuts the patches.</summary>
    private IEnumerable<PixelSize> TableSizes()
    {
        var convolutions = stem.Where(node => node.Is("Conv") && graph.DependsOn(node.Output(0)) != 0).ToList();
        if (convolutions.Count == 0) yield break;
        var width = graph.Constant(convolutions.MaxBy(node => node.Index)!.Input(1))?.Shape[0];
        var (rowStep, columnStep) = convolutions.Select(Strides).Aggregate((all, next) => (all.Rows * next.Rows, all.Columns * next.Columns));
        foreach (var (rows, columns) in stem.SelectMany(node => node.Inputs).Distinct().Select(graph.Constant).OfType<OnnxTensor>()
            .SelectMany(table => Grids(table.Shape, width, rowStep)))
        {
            if (rows * rowStep <= ImageInput.LargestEdge && columns * columnStep <= ImageInput.LargestEdge)
                yield return new((int)(columns * columnStep), (int)(rows * rowStep));
        }
    }

    /// <summary>Grids that a table of some shape may be for; square, but where a side is fixed.</summary>
    private IEnumerable<(long Rows, long Columns)> Grids(long[] shape, long? width, long rowStep)
    {
        if (shape is [1, var high, var wide, var depth] && depth == width) yield return (high, wide);
        if (shape is [1, var channels, var tall, var broad] && channels == width) yield return (tall, broad);
        var (tokens, last) = shape switch
        {
            [1, var rows, var depths] => (rows, depths),
            [var rows, 1, var depths] => (rows, depths),
            [var rows, var depths] => (rows, depths),
            _ => (0, 0),
        };
        if (last != width) yield break;
        foreach (var patches in OtherTokens.Select(other => tokens - other).Where(patches => patches > 1))
        {
            var rows = image.Fixed.Height is { } height ? height / rowStep : (long)Math.Round(Math.Sqrt(patches));
            if (rows > 0 && patches % rows == 0 && (patches / rows == rows || !image.HasOpenSides)) yield return (rows, patches / rows);
        }
    }

    private IEnumerable<PixelSize> UsualSizes() => UsualEdges.Select(edge => new PixelSize(image.Fixed.Width ?? edge, image.Fixed.Height ?? edge)).Distinct();

    private static (long Rows, long Columns) Strides(OnnxNode convolution) =>
        convolution.Attribute("strides")?.Ints is [var rows, var columns] ? (rows, columns) : (1, 1);

    private static ModelRefusedException NothingSays(OnnxGraph graph, ImageInput image) =>
        new($"{graph.File.FileName} takes pictures of any size ({image.Declared}) and no file says which: "
            + "add the preprocessor_config.json or config.json that the model came with.");
}
