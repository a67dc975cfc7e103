namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// The gradient of a forward tensor: a tensor of the backward graph with the labels as one more axis in front, [label, then the forward tensor's own axes]. So
/// several labels are one run whatever the forward tensor's first axis is (heads folded into the batch, tokens first, queries, keys and values packed).
/// </summary>
/// <param name="Name">The tensor.</param>
/// <param name="Row">The one token that has a gradient; then that axis has size 1. Null where all tokens are there.</param>
internal sealed record Gradient(string Name, TokenRow? Row = null)
{
    /// <summary>True where an axis of size 1 stands for equal values along it: the gradient of a sum. It widens by itself when others are added.</summary>
    public bool Thin { get; init; }
}

/// <summary>A single place on an axis. A head that reads one token gives a gradient to no other one until the last layer's attention spreads it.</summary>
/// <param name="FromEnd">The axis, counted from the last one, which is 1.</param>
/// <param name="Index">A tensor [1] with the place.</param>
internal sealed record TokenRow(int FromEnd, string Index);
