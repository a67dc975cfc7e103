using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// Attention of tokens on tokens alike: softmax(scale · X Xᵀ + window) · V · W_o + b_o, a head at a time. The dense methods put it in place of a block's own
/// attention. A model of eight nodes without weights of its own; those come with each call, so that one session serves all layers. Safe for concurrent runs.
/// </summary>
internal sealed class TokenMixSession(SessionFactory factory, int place) : IDisposable
{
    private static readonly string[] Inputs = ["alike", "values", "scale", "window", "weights", "bias"];

    private readonly InferenceSession session = factory.Create(Model(), place);

    /// <param name="alike">X, [head, token, width]: keys or values.</param>
    /// <param name="values">V, [head, token, width].</param>
    /// <param name="window">Added to the scores of every head, [token, token].</param>
    /// <param name="projection">W_o and b_o.</param>
    /// <param name="heads">H.</param>
    /// <param name="tokens">N.</param>
    /// <returns>[token, D].</returns>
    public float[] Run(float[] alike, float[] values, float[] window, OutputProjection projection, int heads, int tokens)
    {
        var (width, outputs) = (alike.Length / heads / tokens, projection.Bias.Length);
        var mixed = new float[tokens * outputs];
        using var alikeInput = OrtValue.CreateTensorValueFromMemory(alike, [heads, tokens, width]);
        using var valuesInput = OrtValue.CreateTensorValueFromMemory(values, [heads, tokens, values.Length / heads / tokens]);
        using var scale = OrtValue.CreateTensorValueFromMemory(new[] { 1 / MathF.Sqrt(width) }, [1]);
        using var windowInput = OrtValue.CreateTensorValueFromMemory(window, [tokens, tokens]);
        using var weights = OrtValue.CreateTensorValueFromMemory(projection.Weights, [projection.Weights.Length / outputs, outputs]);
        using var bias = OrtValue.CreateTensorValueFromMemory(projection.Bias, [outputs]);
        using var output = OrtValue.CreateTensorValueFromMemory(mixed, [tokens, outputs]);
        using var passage = CaptureGate.Pass();
        using var options = new RunOptions();
        session.Run(options, Inputs, [alikeInput, valuesInput, scale, windowInput, weights, bias], ["mixed"], [output]);
        return mixed;
    }

    public void Dispose() => session.Dispose();

    private static byte[] Model()
    {
        var model = new SmallModel();
        foreach (var (name, rank) in Inputs.Zip([3, 3, 1, 2, 2, 1])) model.Input(name, OnnxTensor.Float, rank);
        model.Output("mixed", OnnxTensor.Float, 2);
        model.Integers("rows", 0, -1);
        model.Node("Transpose", "transposed", ["alike"], GraphInstrumenter.Integers("perm", 0, 2, 1));
        model.Node("MatMul", "products", ["alike", "transposed"]);
        model.Node("Mul", "scores", ["products", "scale"]);
        model.Node("Add", "windowed", ["scores", "window"]);
        model.Node("Softmax", "probabilities", ["windowed"], GraphInstrumenter.Integer("axis", -1));
        model.Node("MatMul", "heads", ["probabilities", "values"]);
        model.Node("Transpose", "by_token", ["heads"], GraphInstrumenter.Integers("perm", 1, 0, 2));
        model.Node("Reshape", "side_by_side", ["by_token", "rows"]);
        model.Node("MatMul", "projected", ["side_by_side", "weights"]);
        model.Node("Add", "mixed", ["projected", "bias"]);
        return model.ToArray();
    }
}
