namespace AttentionApi.Core.Onnx.Backward;

/// <summary>
/// A gradient that is the product g·M of another gradient with constant weights. What is linear in its width and the same for every token can be taken into M
/// when the session is made, instead of being computed for every label: a norm's scale and the mean that it takes away.
/// </summary>
/// <param name="Factor">g, [label, .., token, K].</param>
/// <param name="Weights">Constant; M is [K, D].</param>
/// <param name="Transposed">True where the weights are Mᵀ.</param>
/// <param name="Height">K.</param>
/// <param name="Alpha">A factor of M.</param>
internal sealed record WeightProduct(string Factor, string Weights, bool Transposed, long Height, float Alpha = 1)
{
    /// <summary>g·M.</summary>
    public string Append(BackwardPass pass) => pass.MatrixProduct(Factor, Weights, Alpha, transposedB: Transposed);

    /// <summary>The same with each column of M scaled and, if wanted, the mean of each row of M taken away.</summary>
    /// <param name="pass">Appends the nodes, which follow from constants: ONNX Runtime computes them once.</param>
    /// <param name="scale">[D], constant; null for none.</param>
    /// <param name="width">D.</param>
    /// <param name="centred">Whether the means are taken away.</param>
    public WeightProduct Folded(BackwardPass pass, string? scale, long width, bool centred)
    {
        var weights = pass.Forward.Once($"{Weights}/{Transposed}/{scale}/{centred}/folded", () =>
        {
            var scaled = scale is null ? Weights : pass.Node("Mul", [Weights, AcrossColumns(pass, scale)]);
            if (!centred) return scaled;
            var means = pass.Node("Mul", [pass.Sum(scaled, Width), pass.Real(1f / width)]);
            return pass.Node("Sub", [scaled, means]);
        });
        return this with { Weights = weights };
    }

    /// <summary>M·v for a constant vector [D], as [K]. Not by FusedMatMul, which ONNX Runtime does not compute beforehand.</summary>
    public string Times(BackwardPass pass, string vector)
    {
        var products = pass.Node("Mul", [Weights, AcrossColumns(pass, vector)]);
        var sums = pass.Node("ReduceSum", [products, pass.Nodes.Integers(Width)], GraphInstrumenter.Integer("keepdims", 0));
        return Alpha == 1 ? sums : pass.Node("Mul", [sums, pass.Real(Alpha)]);
    }

    /// <summary>The axis of the weights that is M's width.</summary>
    private int Width => Transposed ? 0 : 1;

    private string AcrossColumns(BackwardPass pass, string vector) => Transposed ? pass.Node("Unsqueeze", [vector, pass.Nodes.Integers(1)]) : vector;
}
