using AttentionApi.Core.Loading;

namespace AttentionApi.Core.Explain;

/// <summary>The list of methods; the first is the default.</summary>
internal sealed class ExplainerRegistry(IEnumerable<Explainer> explainers)
{
    public IReadOnlyList<Explainer> All { get; } = [.. explainers];

    /// <summary>The method of that name (case ignored), or null.</summary>
    public Explainer? Find(string name) => All.FirstOrDefault(explainer => explainer.Info.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The methods that a model can serve.</summary>
    public IEnumerable<Explainer> ServedBy(ModelFacts model) => All.Where(explainer => explainer.Refusal(model) is null);

    /// <summary>The method that answers best where a label is, of those that a model can serve; null where none does.</summary>
    /// <param name="model">The model.</param>
    /// <param name="animated">Whether it has to have an animation.</param>
    public Explainer? RecommendedFor(ModelFacts model, bool animated = false) => ServedBy(model)
        .Where(explainer => explainer.Info.LabelRank is not null && (!animated || explainer.Info.Frames.Count > 0))
        .MinBy(explainer => explainer.Info.LabelRank);

    /// <summary>The methods that a model cannot serve, each with the reason.</summary>
    public IEnumerable<(Explainer Explainer, string Reason)> NotServedBy(ModelFacts model)
    {
        foreach (var explainer in All)
        {
            if (explainer.Refusal(model) is { } reason) yield return (explainer, reason);
        }
    }
}
