using AttentionApi.Core.Analysis.Masking;

namespace AttentionApi.Core.Analysis;

/// <summary>Runs on the picture with some of its patches hidden.</summary>
internal sealed partial class Inspection
{
    /// <summary>The model's answers to the picture with only the given patches, in their order. Known ones run no model.</summary>
    /// <returns>Unit image embeddings, or class logits.</returns>
    internal async Task<IReadOnlyList<float[]>> MaskedAsync(IReadOnlyList<PatchSubset> shown, PatchFill fill, CancellationToken cancellation)
    {
        var known = await FetchAsync(Runtime.ActivationParts.Output, cancellation).ConfigureAwait(false);
        analysis = await Analyzer.MaskAsync(Analyzed, known, fill, shown, cancellation).ConfigureAwait(false);
        ModelRuns += analysis.ModelRuns;
        return [.. shown.Select(subset => analysis.Masked.Of(fill, subset))];
    }
}
