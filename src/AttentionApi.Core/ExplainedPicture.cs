using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core;

/// <summary>A picture as a model sees it; maps and drawings are made when asked for. Holds its model until it is disposed of; used by one caller at a
/// time.</summary>
public sealed class ExplainedPicture : IDisposable
{
    private readonly ModelLease lease;

    internal ExplainedPicture(Explanation explanation, ModelLease lease) => (Explanation, this.lease) = (explanation, lease);

    internal Explanation Explanation { get; }

    /// <summary>What a careful reader must know; complete once something was computed.</summary>
    public IReadOnlyList<string> Warnings => Explanation.Warnings;

    /// <summary>The labels or classes, best first.</summary>
    public async Task<IReadOnlyList<Prediction>> PredictAsync(CancellationToken cancellation = default)
    {
        await Explanation.ScoreAsync(cancellation).ConfigureAwait(false);
        return Explanation.Scoring.Predictions;
    }

    /// <summary>The maps, unscaled, with what else the method found out; with evidence where the parameter "score" is "true".</summary>
    public Task<MapSet> MapsAsync(CancellationToken cancellation = default) => Explanation.MapsAsync(cancellation);

    /// <summary>One map over the picture, as a file.</summary>
    public async Task<byte[]> OverlayAsync(PictureFormat format = PictureFormat.Png, CancellationToken cancellation = default) =>
        (await OverlayPicture.DrawAsync(Explanation, format, cancellation).ConfigureAwait(false)).Bytes;

    /// <summary>Small multiples: layers by labels or heads, as a file.</summary>
    public async Task<byte[]> GridAsync(PictureFormat format = PictureFormat.Png, CancellationToken cancellation = default) =>
        (await GridPicture.DrawAsync(Explanation, format, cancellation).ConfigureAwait(false)).Bytes;

    /// <summary>One frame per layer, as a file.</summary>
    public async Task<byte[]> AnimationAsync(AnimationFormat format = AnimationFormat.Gif, CancellationToken cancellation = default) =>
        (await AnimationPicture.DrawAsync(Explanation, format, cancellation).ConfigureAwait(false)).Bytes;

    public void Dispose() => lease.Dispose();
}
