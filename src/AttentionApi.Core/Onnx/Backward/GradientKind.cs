namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Which derivative the backward pass computes.</summary>
internal enum GradientKind
{
    /// <summary>The true derivative, ∂s/∂x.</summary>
    Plain,

    /// <summary>
    /// LibraGrad's (Mehri et al., CVPR 2025, arXiv 2411.16760): the output of every non-linear operator is held constant (the deviation of a norm, the gate of
    /// an activation, attention probabilities, the length of an embedding). What is left is affine in the hidden states, so that input × gradient and the parts
    /// of the biases add up to the score.
    /// </summary>
    Libra,
}
