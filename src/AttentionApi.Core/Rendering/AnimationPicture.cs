using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering;

/// <summary>One frame per layer of the range; equal frames are kept.</summary>
internal static class AnimationPicture
{
    private const int LargestOriginal = 512;
    private static readonly PictureStyle Style = new(Scaling.Shared, legend: true, SizeChoice.OriginalAtMost(LargestOriginal));

    /// <summary>How it may be drawn and played.</summary>
    public static IReadOnlyList<Parameter> Parameters { get; } =
    [
        SharedParameters.Frames, SharedParameters.Panels, .. Style.Parameters, PictureParameters.MovingFormat, PictureParameters.Delay, PictureParameters.Loop,
    ];

    /// <summary>The size of a panel, known before anything is drawn.</summary>
    internal static PixelSize Measure(ExplanationPlan plan, PixelSize picture) => Backdrop.Measure(picture, Style.For(plan).Size);

    /// <exception cref="PictureTooLargeException">More pixels than an animation may have.</exception>
    public static async Task<EncodedPicture> DrawAsync(Explanation explanation, AnimationFormat format, CancellationToken cancellation)
    {
        var (values, inspection) = (explanation.Plan.Values, explanation.Inspection);
        var mode = explanation.Plan.FrameMode;
        var layers = await explanation.FramesAsync(mode, cancellation).ConfigureAwait(false);
        Frame[] frames = [.. layers.Select(layer => FrameOf(explanation, mode, layer.Maps))];
        Heatmap[] maps = [.. frames.SelectMany(frame => frame.Panels, (_, panel) => panel.Map)];

        var picture = inspection.Picture.Decode(inspection.Timings, cancellation);
        using var _ = inspection.Timings.Measure(Stages.Render);
        var playback = new Playback(format) { Delay = values.Get(PictureParameters.Delay), Loop = values.Get(PictureParameters.Loop) };
        var metadata = Style.Metadata(explanation, maps[0].Signed, (SharedParameters.Frames, mode.Word()), (PictureParameters.Format, format.Word()),
            (PictureParameters.Delay, playback.Delay), (PictureParameters.Loop, playback.Loop));
        var animation = AnimationRenderer.Render(picture, inspection.Analysis.Seen, frames, Style.For(explanation.Plan), playback, metadata);
        return animation with { Warnings = [.. explanation.Warnings, .. layers[0].Warnings, .. explanation.FlatWarning(maps), .. animation.Warnings] };
    }

    private static Frame FrameOf(Explanation explanation, FrameMode mode, IReadOnlyList<Heatmap> layer)
    {
        var all = explanation.Plan.Values.Get(SharedParameters.Panels) == PanelChoice.Labels;
        var shown = layer.Where(map => all || explanation.IsShown(map)).ToArray();
        var first = mode == FrameMode.Cumulative ? explanation.Plan.Values.Layers().From : layer[0].Layer;
        var panels = shown.Select(map => new Panel(map, Captions.Of(explanation, map)));
        var caption = Captions.OfSeveral(explanation, shown, Captions.Words(explanation, first, layer[0]), "the label below");
        return new Frame(caption, [.. panels]) { Others = [.. layer.Except(shown)] };
    }
}
