using System.Numerics.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// Features of every token that can be compared with text: blocks repeated with tokens that attend to tokens like themselves, read out by the model's own norm
/// and projection. Works on what one forward pass gave; no block of the model runs again. Only for towers with blocks and a read-out.
/// </summary>
internal static class DenseReadOut
{
    public const ActivationParts SurgeryParts = ActivationParts.HiddenStates | ActivationParts.Values;
    public const ActivationParts NeighbourParts = ActivationParts.LastKeys | ActivationParts.Values;

    /// <summary>
    /// CLIP Surgery (Li et al. 2023): the last blocks again, value to value instead of query to key, without their feed-forward parts, from the hidden state
    /// before them. The token that the head reads keeps its own state.
    /// </summary>
    /// <param name="tower">Whose activations they are.</param>
    /// <param name="activations">With <see cref="SurgeryParts"/>.</param>
    /// <param name="blocks">K, 1 … L.</param>
    /// <returns>Unit features, [token, E].</returns>
    public static float[] Surgery(VisionTower tower, Activations activations, int blocks)
    {
        var (states, head) = (activations.HiddenStates!, tower.Layout.HeadToken);
        var size = tower.Embeddings.Count;
        var width = size / tower.Tokens;
        var state = states.AsSpan((activations.Layers - blocks) * size, size).ToArray();
        var window = new float[tower.Tokens * tower.Tokens];
        for (var layer = activations.Layers - blocks; layer < activations.Layers; layer++)
        {
            var values = ValuesOf(activations, layer);
            TensorPrimitives.Add(state, Mix(tower, values, values, window, layer), state);
        }
        states.AsSpan(activations.Layers * size + head * width, width).CopyTo(state.AsSpan(head * width));
        return Read(tower, state);
    }

    /// <summary>NACLIP (Hajimiri et al. 2025): the last block's attention alone, key to key with a window around each patch; without residual and feed-forward
    /// part.</summary>
    /// <param name="tower">Whose activations they are.</param>
    /// <param name="activations">With <see cref="NeighbourParts"/>.</param>
    /// <param name="window">Added to the scores, [token, token].</param>
    /// <returns>Unit features, [token, E].</returns>
    public static float[] Neighbours(VisionTower tower, Activations activations, float[] window)
    {
        var last = activations.Layers - 1;
        return Read(tower, Mix(tower, activations.LastKeys!, ValuesOf(activations, last), window, last));
    }

    private static float[] ValuesOf(Activations activations, int layer)
    {
        var size = activations.Values!.Length / activations.Layers;
        return activations.Values.AsSpan(layer * size, size).ToArray();
    }

    private static float[] Mix(VisionTower tower, float[] alike, float[] values, float[] window, int layer) =>
        tower.Blocks!.Mix.Run(alike, values, window, tower.Blocks.Projections.Measure()[layer], tower.Heads, tower.Tokens);

    private static float[] Read(VisionTower tower, float[] states)
    {
        var (features, width) = (tower.ReadOut!.ReadRows(states), tower.ReadOut.Width);
        for (var token = 0; token < tower.Tokens; token++) ForwardPass.Normalise(features.AsSpan(token * width, width));
        return features;
    }
}
