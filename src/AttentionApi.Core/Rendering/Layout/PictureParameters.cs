using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Painting;
using static AttentionApi.Core.Parameters.ParameterKinds;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>Parameters of pictures, animations and tensor files; outputs give some of them other defaults.</summary>
internal static class PictureParameters
{
    public static readonly Parameter<Colormap?> Colors =
        OptionalWord<Colormap>("colormap", "viridis; coolwarm for signed maps", "Colours from the lowest to the highest value.");
    public static readonly Parameter<double> Opacity = Number("opacity", 0.5, 0, 1, "0 shows the picture alone, 1 the colours alone.");

    public static readonly Parameter<Blend> Blending = Word("blend", Blend.Glow,
        "How colours are laid over the picture: glow over its luma, so that the picture's colours do not read as the map's, with an opacity that follows the "
        + "value; gray over its luma, dimmed to half, with the same opacity everywhere; value over the picture in its colours with an opacity that follows "
        + "the value; flat with the same opacity everywhere over the picture as it is.");

    public static readonly Parameter<Scaling> Scale = Word("scale", Scaling.Percentile,
        "Which values meet the ends of the colours: percentile the 1st and 99th of each map (its lowest and highest where the 99th is below half the "
            + "highest); minmax its lowest and highest; "
        + "shared one percentile scale over all maps; absolute 0 to 1 (signed maps −1 to 1). "
        + "Maps of several labels at one layer always share one scale.");

    public static readonly Parameter<Interpolation> Interpolated =
        Word("interpolation", Interpolation.Bilinear, "How the grid becomes pixels; nearest shows the patches.");

    public static readonly Parameter<SizeChoice> Size = new("size", ParameterKind.Text, $"original, model, {SizeChoice.SmallestEdge}…{SizeChoice.LargestEdge}",
        "original: the whole picture in its own size; model: the part that the model saw, at its input size; a number: the longer edge in pixels.",
        SizeChoice.Original)
        { Parser = texts => SizeChoice.Parse(texts[0]) };

    public static readonly Parameter<bool> Legend = Flag("legend", false,
        "A strip below with a sentence on what the picture shows, method, model, layers, label, the choice of the range, and a colour bar.");

    public static readonly Parameter<PictureFormat?> Format =
        OptionalWord<PictureFormat>("format", "what Accept prefers, else png", "Encoding of the picture; wins over the Accept header.");

    public static readonly Parameter<AnimationFormat?> MovingFormat =
        OptionalWord<AnimationFormat>("format", "what Accept prefers, else gif", "Encoding of the animation; wins over the Accept header.");

    public static readonly Parameter<int> Delay = Integer("delay", 400, 20, 10_000, "Milliseconds a frame.", step: 10);
    public static readonly Parameter<int> Loop = Integer("loop", 0, 0, 65_535, "Rounds; 0 plays forever.");

    public static readonly Parameter<TensorType> DataType = Word("dtype", TensorType.Float16, "Number type of the attention tensors; all others are float32.");

    /// <summary>One of each name.</summary>
    public static IReadOnlyList<Parameter> All { get; } = [Colors, Opacity, Blending, Scale, Interpolated, Size, Legend, Format, Delay, Loop, DataType];
}
