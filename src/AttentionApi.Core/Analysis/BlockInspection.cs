using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>One label's score, taken apart.</summary>
/// <param name="Target">The label.</param>
/// <param name="Score">The cosine, or the class logit of the head that is read.</param>
/// <param name="Parts">What adds up to it.</param>
internal sealed record LabelParts(LabelTarget Target, float Score, AdditiveParts Parts);

/// <summary>What an inspection tells of the insides of the model's blocks: values, hidden states and what follows from them without another run of the
/// model.</summary>
internal static class BlockInspection
{
    /// <summary>What <see cref="DecomposeAsync"/> fetches.</summary>
    public const ActivationParts PathParts = ActivationParts.Values | ActivationParts.HeadTokenAttention | ActivationParts.HeadTokenStates;

    /// <summary>What tells sinks.</summary>
    public const ActivationParts SinkParts = ActivationParts.MeanAttention | ActivationParts.TokenNorms;

    /// <summary>Takes the scores of labels apart.</summary>
    public static async Task<IReadOnlyList<LabelParts>> DecomposeAsync(this Inspection inspection, IReadOnlyList<LabelTarget> targets,
        CancellationToken cancellation)
    {
        var activations = (await inspection.FetchAsync(PathParts, cancellation).ConfigureAwait(false)).Activations;
        var states = activations.HeadTokenStates!;
        var path = new HeadTokenPath(activations.Layers, activations.Heads, activations.Tokens, activations.HeadTokenAttention!, activations.Values!, states);
        var (projections, scores) = await inspection.UseAsync(tower =>
        {
            var head = tower.Blocks!.Head.At(states[^tower.ReadOut!.HiddenWidth..]);
            return (tower.Blocks.Projections.Measure(), targets.Select(target =>
                target.Embedding is { } text ? head.Cosine(text) : head.Class(target.Class!.Value)).ToList());
        }, cancellation).ConfigureAwait(false);
        return [.. targets.Zip(scores, (target, score) =>
            new LabelParts(target, score.Score, AdditiveParts.Of(path, projections, score.Direction, score.Offset)))];
    }

    /// <summary>Unit features of every token after CLIP Surgery over the last blocks, [token, E].</summary>
    public static async Task<float[]> SurgeryAsync(this Inspection inspection, int blocks, CancellationToken cancellation)
    {
        var activations = (await inspection.FetchAsync(DenseReadOut.SurgeryParts, cancellation).ConfigureAwait(false)).Activations;
        return await inspection.UseAsync(tower => DenseReadOut.Surgery(tower, activations, blocks), cancellation).ConfigureAwait(false);
    }

    /// <summary>Unit features of every token from the last block's attention of keys on keys, with a window of so many patches around each; [token,
    /// E].</summary>
    public static async Task<float[]> NeighboursAsync(this Inspection inspection, double sigma, CancellationToken cancellation)
    {
        var activations = (await inspection.FetchAsync(DenseReadOut.NeighbourParts, cancellation).ConfigureAwait(false)).Activations;
        var window = DenseMaps.GaussianWindow(inspection.Tokens, sigma);
        return await inspection.UseAsync(tower => DenseReadOut.Neighbours(tower, activations, window), cancellation).ConfigureAwait(false);
    }

    /// <summary>Hidden states of the patches after a layer from 1, through the final norm where the model normalises its tokens; [patch, D].</summary>
    public static async Task<float[]> PatchStatesAsync(this Inspection inspection, int layer, CancellationToken cancellation)
    {
        var activations = (await inspection.FetchAsync(ActivationParts.HiddenStates, cancellation).ConfigureAwait(false)).Activations;
        var (all, tokens) = (activations.HiddenStates!, inspection.Tokens);
        var width = all.Length / (activations.Layers + 1) / tokens.Count;
        var patches = all.AsSpan((layer * tokens.Count + tokens.PrefixTokens) * width, tokens.Grid.Count * width).ToArray();
        return await inspection.UseAsync(tower => tower.FinalNorm?.ReadRows(patches) ?? patches, cancellation).ConfigureAwait(false);
    }

    /// <summary>Patches that gather attention whatever they show, as tokens (see <see cref="AttentionSinks"/>). Attention must have been fetched; without it
    /// none are known.</summary>
    public static async Task<IReadOnlyList<int>> SinksAsync(this Inspection inspection, CancellationToken cancellation)
    {
        var known = inspection.Analysis.Activations;
        if ((known.MeanAttention ?? known.HeadAttention) is not { } attention) return inspection.Analysis.Gradients.Sinks ?? [];
        var norms = (await inspection.FetchAsync(ActivationParts.TokenNorms, cancellation).ConfigureAwait(false)).Activations.TokenNorms;
        return norms is null ? [] : AttentionSinks.Find(attention, norms, inspection.Tokens);
    }
}
