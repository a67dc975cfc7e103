namespace AttentionApi.Contracts;

/// <summary>The answer of /explain/compare.</summary>
/// <param name="Entries">An answer of /explain each, in the order asked for.</param>
/// <param name="Correlation">Spearman's rank correlation of each two maps over the patches; null where one of the two is flat.</param>
/// <param name="Mean">Mean rank of each patch over the maps, from 0 for the lowest to 1 for the highest.</param>
/// <param name="Spread">Standard deviation of these ranks: where the maps disagree.</param>
/// <param name="Difference">Of two entries: the second map minus the first, each divided by its largest magnitude; null where there are more.</param>
/// <param name="ModelRuns">Runs of vision models that this call caused.</param>
public sealed record CompareResponse(
    IReadOnlyList<ExplainResponse> Entries, IReadOnlyList<IReadOnlyList<double?>> Correlation, PatchMap Mean, PatchMap Spread,
    PatchMap? Difference, int ModelRuns);
