using System.IO.Pipelines;
using System.Text.Json;
using AttentionApi.Contracts;
using AttentionApi.Core.Bundle;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;

namespace AttentionApi.Cli.Explaining;

/// <summary>One kind of file that <c>explain</c> writes.</summary>
/// <param name="Name">The word in <c>--save</c>.</param>
/// <param name="Output">What the explanation becomes.</param>
/// <param name="Text">True where a terminal can show it.</param>
/// <param name="Ending">How the file's name ends, behind the picture's name.</param>
/// <param name="MakeAsync">Makes it.</param>
internal sealed record SavedOutput(
    string Name, Outputs Output, bool Text, Func<ParameterValues, string> Ending, Func<Explanation, CancellationToken, Task<MadeFile>> MakeAsync)
    : SavedKind(Name, Text)
{
    /// <summary>What needs most of the model comes first: what it fetched serves all that follow, so that one run is enough.</summary>
    public static IReadOnlyList<SavedOutput> All { get; } =
    [
        new("tensors", Outputs.Tensors, false, _ => ".safetensors", TensorsAsync),
        new("json", Outputs.Json, true, _ => ".json", JsonAsync),
        new("overlay", Outputs.Overlay, false, values => $".overlay.{Suffix(StillFormat(values))}", OverlayAsync),
        new("grid", Outputs.Grid, false, values => $".grid.{Suffix(StillFormat(values))}", GridAsync),
        new("regions", Outputs.Regions, true, values => IsMask(values) ? ".regions.png" : ".regions.json", RegionsAsync),
        new("evidence", Outputs.Evidence, false, _ => ".evidence.zip", EvidenceAsync),
        new("animation", Outputs.Animation, false, values => $".animation.{MovingFormat(values).Word()}", AnimationAsync),
    ];

    private static PictureFormat StillFormat(ParameterValues values) => values.Get(PictureParameters.Format) ?? PictureFormat.Png;

    private static AnimationFormat MovingFormat(ParameterValues values) => values.Get(PictureParameters.MovingFormat) ?? AnimationFormat.Gif;

    public static string Suffix(PictureFormat format) => format == PictureFormat.Jpeg ? "jpg" : format.Word();

    private static async Task<MadeFile> TensorsAsync(Explanation explanation, CancellationToken cancellation)
    {
        var file = await TensorsFile.OfAsync(explanation, cancellation);
        return new(async (target, token) =>
        {
            var writer = PipeWriter.Create(target, new StreamPipeWriterOptions(leaveOpen: true));
            await file.WriteAsync(writer, token);
            await writer.CompleteAsync();
        }, explanation.Warnings);
    }

    private static async Task<MadeFile> EvidenceAsync(Explanation explanation, CancellationToken cancellation)
    {
        var bundle = await EvidenceBundle.MakeAsync(explanation, cancellation);
        return new(bundle.WriteAsync, explanation.Warnings);
    }

    private static async Task<MadeFile> JsonAsync(Explanation explanation, CancellationToken cancellation)
    {
        var answer = Responses.Explain(explanation, await explanation.MapsAsync(cancellation));
        return new((target, token) => JsonSerializer.SerializeAsync(target, answer, ApiJson.Responses.ExplainResponse, token), answer.Warnings);
    }

    private static async Task<MadeFile> OverlayAsync(Explanation explanation, CancellationToken cancellation)
    {
        var picture = await OverlayPicture.DrawAsync(explanation, StillFormat(explanation.Plan.Values), cancellation);
        return Picture(picture) with { Overlay = picture.Bytes };
    }

    private static async Task<MadeFile> GridAsync(Explanation explanation, CancellationToken cancellation) =>
        Picture(await GridPicture.DrawAsync(explanation, StillFormat(explanation.Plan.Values), cancellation));

    private static async Task<MadeFile> AnimationAsync(Explanation explanation, CancellationToken cancellation) =>
        Picture(await AnimationPicture.DrawAsync(explanation, MovingFormat(explanation.Plan.Values), cancellation));

    private static async Task<MadeFile> RegionsAsync(Explanation explanation, CancellationToken cancellation)
    {
        var regions = await RegionPicture.FindAsync(explanation, cancellation);
        if (IsMask(explanation.Plan.Values)) return Picture(regions.ToPng());
        var answer = Responses.Regions(explanation, regions);
        return new((target, token) => JsonSerializer.SerializeAsync(target, answer, ApiJson.Responses.RegionsResponse, token), answer.Warnings);
    }

    private static bool IsMask(ParameterValues values) => values.Get(RegionParameters.Format) == RegionFormat.Png;

    private static MadeFile Picture(EncodedPicture picture) => new((target, token) => target.WriteAsync(picture.Bytes, token).AsTask(), picture.Warnings);
}
