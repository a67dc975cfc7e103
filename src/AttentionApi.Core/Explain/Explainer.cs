using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Explain;

/// <summary>What a method is called and what its picture means.</summary>
/// <param name="Name">The lower-case word used in queries.</param>
/// <param name="Meaning">One sentence: what the picture shows and what it does not.</param>
/// <param name="Frames">The frame modes its animation offers; the first is the default.</param>
/// <param name="Parameters">The names of the parameters it uses; their ranges and meanings are the same for all methods.</param>
public sealed record MethodInfo(
    string Name, string Title, string Meaning, string Paper, bool LabelDependent, bool Signed,
    IReadOnlyList<FrameMode> Frames, IReadOnlyList<string> Parameters);

/// <summary>What explainers compute from.</summary>
/// <param name="Activations">Of one forward pass, holding at least <see cref="Explainer.Needs"/>.</param>
/// <param name="Tokens">The token layout of the model.</param>
/// <param name="Labels">For label-dependent methods; null for others.</param>
public sealed record ExplainInput(Activations Activations, TokenLayout Tokens, LabelScores? Labels = null);

/// <summary>A pure function from activations and parameters to maps. One method per file; <see cref="ExplainerRegistry"/> lists them.</summary>
public abstract class Explainer
{
    public abstract MethodInfo Info { get; }

    /// <summary>What the forward pass must bring.</summary>
    public abstract ActivationParts Needs(ExplainParameters parameters);

    /// <summary>The maps of an answer, in the contract's order.</summary>
    public abstract IReadOnlyList<Heatmap> Explain(ExplainInput input, ExplainParameters parameters);

    /// <summary>
    /// One entry per layer of the range, ascending; each entry holds the maps of that frame: one, or one per head or label where the method gives several.
    /// </summary>
    public abstract IReadOnlyList<IReadOnlyList<Heatmap>> Frames(ExplainInput input, ExplainParameters parameters, FrameMode mode);
}
