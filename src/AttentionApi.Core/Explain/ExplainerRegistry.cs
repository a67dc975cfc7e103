using AttentionApi.Core.Explain.Methods;

namespace AttentionApi.Core.Explain;

/// <summary>The one list of methods.</summary>
public static class ExplainerRegistry
{
    public static IReadOnlyList<Explainer> All { get; } = [new Rollout(), new RawAttention(), new Alignment()];

    /// <summary>The method of that name (case ignored), or null.</summary>
    public static Explainer? Find(string name) => All.FirstOrDefault(explainer => string.Equals(explainer.Info.Name, name, StringComparison.OrdinalIgnoreCase));
}
