namespace AttentionApi.Core.Onnx.Backward;

/// <summary>Shapes of forward tensors, measured in one run.</summary>
/// <param name="Measured">By tensor.</param>
/// <param name="AreFixed">True where every run has these. Else only widths and sizes of 1 are sure.</param>
internal sealed record ForwardShapes(IReadOnlyDictionary<string, long[]> Measured, bool AreFixed)
{
    public long[] this[string tensor] => Measured[tensor];
}
