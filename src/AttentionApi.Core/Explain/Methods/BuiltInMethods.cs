namespace AttentionApi.Core.Explain.Methods;

/// <summary>The methods that come with the library, one line each; the first is the default.</summary>
public static class BuiltInMethods
{
    public static ExplainerRegistry Registry { get; } = new(
    [
        new Rollout(),
        new RawAttention(),
        new Alignment(),
        new Libra(),
        new Chefer(),
        new GradEclip(),
        new LeGrad(),
        new Decomposition(),
        new Surgery(),
        new Naclip(),
        new Flow(),
        new Statistics(),
        new Features(),
        new Similarity(),
        new Occlusion(),
        new Rise(),
    ]);
}
