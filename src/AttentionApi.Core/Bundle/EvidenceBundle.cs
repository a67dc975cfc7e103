using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Bundle;

/// <summary>
/// Everything that a reader needs to judge an explanation and to make it again: the picture, the maps as numbers and as pictures, the animation, parameters,
/// curves, versions, and a
/// report that opens in any browser. It holds no date and no time, so that it can be made again bit for bit.
/// </summary>
internal sealed class EvidenceBundle
{
    public const string Format = "attention-api-evidence/1";

    /// <summary>The longer edge of the picture of one map.</summary>
    private const int MapEdge = 512;

    private readonly IReadOnlyList<BundlePart> parts;

    private EvidenceBundle(IReadOnlyList<BundlePart> parts) => this.parts = parts;

    /// <summary>What is held until it is written.</summary>
    public long HeldBytes => parts.Sum(part => (long)part.Bytes.Length);

    /// <summary>Computes and draws everything, so that writing it needs no further work.</summary>
    /// <exception cref="PictureTooLargeException">More pictures than one answer may have.</exception>
    public static async Task<EvidenceBundle> MakeAsync(Explanation explanation, CancellationToken cancellation)
    {
        var (plan, inspection) = (explanation.Plan, explanation.Inspection);
        var set = await explanation.MapsAsync(cancellation).ConfigureAwait(false);
        var moves = plan.Method.Info.Frames.Count > 0 && set.Maps.Count > 0;
        var animation = moves ? await AnimationPicture.DrawAsync(explanation, AnimationFormat.Gif, cancellation).ConfigureAwait(false) : null;
        var picture = inspection.Picture.Decode(inspection.Timings, cancellation);
        var pictures = new MapPictures(explanation, set, picture);
        PictureTooLargeException.ThrowIfOver("The bundle's pictures", MapEdge, MapEdge, set.Maps.Count + set.Features.Count, "Ask for fewer layers or labels.");

        var original = $"picture.{inspection.Picture.Header.Format.Word()}";
        var asked = inspection.Asked is { } other ? $"asked.{other.Picture.Header.Format.Word()}" : null;
        var maps = set.Maps.Select((map, index) => (Map: map, Name: Name(index))).ToList();
        var colors = set.Features.Select((map, index) => (Map: map, Name: Name(set.Maps.Count + index))).ToList();
        List<BundlePart> parts =
        [
            new BundlePart(original, inspection.Picture.Bytes),
            new BundlePart(BundleDescription.Name, BundleDescription.Of(explanation, set, (original, asked), maps, colors)),
            new BundlePart(BundleVersions.Name, BundleVersions.Of(plan.Model)),
            .. maps.Select(map => new BundlePart($"{map.Name}.npy", NpyFile.Of(map.Map.Values, map.Map.Rows, map.Map.Columns))),
            .. colors.Select(map => new BundlePart($"{map.Name}.npy", NpyFile.Of(map.Map.Values, map.Map.Rows, map.Map.Columns, map.Map.Channels))),
            .. maps.Select(map => new BundlePart($"{map.Name}.png", Png(() => pictures.Png(map.Map, MapEdge)))),
            .. colors.Select(map => new BundlePart($"{map.Name}.png", Png(() => pictures.Png(map.Map, MapEdge)))),
        ];
        if (asked is not null) parts.Insert(1, new(asked, inspection.Asked!.Picture.Bytes));
        if (set.Table is { } table)
        {
            parts.Add(new("maps/table.npy", NpyFile.Of(table.Values, table.Rows, table.Columns)));
            parts.Add(new("maps/table.png", Png(() => pictures.TablePng(table))));
        }
        if (animation is not null) parts.Add(new("animation.gif", animation.Bytes));
        if (set.Evidence is { } evidence) parts.Add(new("curves.csv", BundleDescription.Curves(evidence)));
        parts.Add(new(EvidenceReport.Name, EvidenceReport.Of(explanation, set, pictures)));
        return new(parts);

        byte[] Png(Func<byte[]> draw)
        {
            cancellation.ThrowIfCancellationRequested();
            return draw();
        }
    }

    /// <summary>Writes the ZIP; the manifest comes last.</summary>
    public Task WriteAsync(Stream target, CancellationToken cancellation) => BundleWriter.WriteAsync(parts, target, cancellation);

    private static string Name(int index) => FormattableString.Invariant($"maps/{index + 1:000}");
}
