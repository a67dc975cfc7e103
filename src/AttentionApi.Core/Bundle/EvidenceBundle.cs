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

    private EvidenceBundle(IReadOnlyList<BundlePart> parts, long heldBytes) => (this.parts, HeldBytes) = (parts, heldBytes);

    /// <summary>What is held until it is written.</summary>
    public long HeldBytes { get; }

    /// <summary>Computes what may fail; pictures of single maps are drawn when they are written.</summary>
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
        var colours = set.Features.Select((map, index) => (Map: map, Name: Name(set.Maps.Count + index))).ToList();
        List<BundlePart> parts =
        [
            BundlePart.Of(original, inspection.Picture.Bytes),
            BundlePart.Of(BundleDescription.Name, BundleDescription.Of(explanation, set, (original, asked), maps, colours)),
            BundlePart.Of(BundleVersions.Name, BundleVersions.Of(plan.Model)),
            .. maps.Select(map => BundlePart.Of($"{map.Name}.npy", NpyFile.Of(map.Map.Values, map.Map.Rows, map.Map.Columns))),
            .. colours.Select(map => BundlePart.Of($"{map.Name}.npy", NpyFile.Of(map.Map.Values, map.Map.Rows, map.Map.Columns, map.Map.Channels))),
            .. maps.Select(map => BundlePart.Later($"{map.Name}.png", () => pictures.Png(map.Map, MapEdge))),
            .. colours.Select(map => BundlePart.Later($"{map.Name}.png", () => pictures.Png(map.Map, MapEdge))),
        ];
        if (asked is not null) parts.Insert(1, BundlePart.Of(asked, inspection.Asked!.Picture.Bytes));
        if (set.Table is { } table)
        {
            parts.Add(BundlePart.Of("maps/table.npy", NpyFile.Of(table.Values, table.Rows, table.Columns)));
            parts.Add(BundlePart.Later("maps/table.png", () => pictures.TablePng(table)));
        }
        if (animation is not null) parts.Add(BundlePart.Of("animation.gif", animation.Bytes));
        if (set.Evidence is { } evidence) parts.Add(BundlePart.Of("curves.csv", BundleDescription.Curves(evidence)));
        var report = EvidenceReport.Of(explanation, set, pictures);
        parts.Add(BundlePart.Of(EvidenceReport.Name, report));

        var decoded = (long)picture.Rgb.Length;
        return new(parts, inspection.Picture.Bytes.Length + decoded + set.Bytes + (animation?.Bytes.Length ?? 0) + report.Length);
    }

    /// <summary>Writes the ZIP; the manifest comes last.</summary>
    public Task WriteAsync(Stream target, CancellationToken cancellation) => BundleWriter.WriteAsync(parts, target, cancellation);

    private static string Name(int index) => FormattableString.Invariant($"maps/{index + 1:000}");
}
