namespace AttentionApi.Core.Explain.Methods;

/// <summary>The methods that come with the library, one line each, in the order in which people are shown them. The first is the default.</summary>
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
