namespace AttentionApi.Core.Explain.Methods;

/// <summary>The methods that come with the library, one line each. The first is the default; of those that a model serves, the first with labels is
/// what the page shows for a label.</summary>
internal static class BuiltInMethods
{
    public static ExplainerRegistry Registry { get; } = new(
    [
        new Rollout(),
        new RawAttention(),
        new Surgery(),
        new Libra(),
        new Alignment(),
        new Chefer(),
        new GradEclip(),
        new LeGrad(),
        new Decomposition(),
        new Naclip(),
        new Flow(),
        new Statistics(),
        new Features(),
        new Similarity(),
        new Occlusion(),
        new Rise(),
    ]);
}
