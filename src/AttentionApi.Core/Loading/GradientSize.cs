using AttentionApi.Core.Runtime.Gradients;

namespace AttentionApi.Core.Loading;

/// <summary>What backward passes hold, from the model's size alone. The factors were measured on ViTs of 12 layers (docs/robustness.md).</summary>
internal static class GradientSize
{
    /// <summary>What they may hold where a caller chose a larger size than the model's own.</summary>
    public const long MostOfOtherSizes = 512L << 20;

    /// <summary>Attention matrices of a head and rows of the model's width that the forward pass of one layer leaves behind: scores and probabilities; queries,
    /// keys, values, norms, sums, and the feed-forward part, four times as wide.</summary>
    private const int MatricesOfForward = 2, RowsOfForward = 22;

    /// <summary>The same, of one label, while its gradient passes a layer.</summary>
    private const int MatricesOfBackward = 3, RowsOfBackward = 16;

    /// <summary>All layers: forward values of each are kept, and each label's attention in every layer.</summary>
    public static long OfAllLayers(ModelFacts model, int labels) =>
        model.Layers * Layer(model, MatricesOfForward, RowsOfForward) + Backward(model, labels) + model.Layers * Results(model, labels);

    /// <summary>Layers one by one, each from the hidden states that enter it.</summary>
    public static long OfEachLayer(ModelFacts model, int labels, int layers) =>
        layers * Layer(model, MatricesOfForward, RowsOfForward) + Backward(model, labels) + Results(model, labels);

    private static long Backward(ModelFacts model, int labels) =>
        Math.Clamp(labels, 1, GradientSession.MostLabels) * Layer(model, MatricesOfBackward, RowsOfBackward);

    private static long Results(ModelFacts model, int labels) => sizeof(float) * (long)labels * model.Tokens.Count * model.Tokens.Count;

    private static long Layer(ModelFacts model, long matrices, long rows) =>
        sizeof(float) * model.Tokens.Count * (matrices * model.Heads * model.Tokens.Count + rows * model.Width);
}
