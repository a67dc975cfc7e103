using System.Globalization;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;

namespace AttentionApi.Endpoints;

internal static class AnimationEndpoint
{
    private const int LargestOriginal = 512;
    private static readonly PictureStyle Style = new(Scaling.Shared, legend: true, SizeChoice.OriginalAtMost(LargestOriginal));

    public static void MapAnimation(this IEndpointRouteBuilder api) =>
        api.MapPost("/explain/animation", (HttpContext http, Explanations explanations) => explanations.AnswerAsync(http, AnswerKind.Animation, query =>
            {
                var format = PictureFormats.ChooseAnimation(http.Request, query);
                return (explanation, timings) => Draw(explanation, format, timings);
            }))
            .WithName("animation").WithSummary("One frame per layer.")
            .WithDescription("Frames go from fromLayer to toLayer; equal ones are kept. One scale for all frames, unless 'scale' says otherwise.")
            .Produces<Stream>(contentType: "image/gif", additionalContentTypes: ["image/webp"])
            .TakesPicture([.. Query.ExplainingOneMap, Query.Frames, Query.Panels, .. Style.Parameters, Query.MovingFormat, Query.Delay, Query.Loop]);

    private static PictureAnswer Draw(Explanation explanation, AnimationFormat format, StageTimings timings)
    {
        var query = explanation.Plan.Query;
        var mode = explanation.FrameMode();
        IReadOnlyList<Frame> frames;
        IReadOnlyList<Heatmap> maps;
        using (timings.Measure("explain"))
        {
            frames = [.. explanation.Frames(mode).Select(layer => Frame(explanation, mode, layer))];
            maps = [.. frames.SelectMany(frame => frame.Panels, (_, panel) => panel.Map)];
        }
        var picture = explanation.Picture.Decode(timings);
        using var _ = timings.Measure("render");
        var playback = new Playback { Delay = query.Get(Query.Delay), Loop = query.Get(Query.Loop) };
        var metadata = Style.Metadata(explanation, maps[0].Signed, (Query.Frames, mode.Word()), (Query.Format, format.Word()),
            (Query.Delay, playback.Delay.ToString(CultureInfo.InvariantCulture)), (Query.Loop, playback.Loop.ToString(CultureInfo.InvariantCulture)));
        var animation = AnimationRenderer.Render(picture, explanation.Analysis.Seen, frames, Style.For(explanation.Plan), format, playback, metadata);
        return new PictureAnswer(animation.Bytes, AnimationRenderer.MediaType(format), [.. explanation.Warnings, .. Answers.Flat(maps), .. animation.Warnings]);
    }

    private static Frame Frame(Explanation explanation, FrameMode mode, IReadOnlyList<Heatmap> layer)
    {
        var all = explanation.Plan.Query.Get(Query.Panels) == PanelChoice.Labels;
        var shown = layer.Where(map => all || explanation.ShowsTarget(map)).ToArray();
        var first = mode == FrameMode.Cumulative ? explanation.Plan.Parameters.FromLayer : layer[0].Layer;
        return new Frame(Captions.Words(explanation, first, layer[0]), [.. shown.Select(map => new Panel(map, Captions.Of(explanation, map)))]);
    }
}
