using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>What one layer does with its heads' mixed values before they are added to the hidden states: x W + b, layer scale included.</summary>
/// <param name="Weights">W_o, [heads · head width, D], a head's rows together.</param>
/// <param name="Bias">b_o, [D].</param>
internal sealed record OutputProjection(float[] Weights, float[] Bias);

/// <summary>
/// The output projections of all layers. They are measured, not read: a small model of the file's own nodes is run on unit vectors, which gives the weights of
/// any exporter and any precision. Made when first asked for and kept: D² numbers a layer.
/// </summary>
internal sealed class OutputProjections
{
    private readonly SessionFactory factory;
    private readonly InstrumentedModel model;
    private readonly TensorElementType inputType;
    private readonly Lock gate = new();
    private IReadOnlyList<OutputProjection>? measured;

    public int Layers { get; }

    /// <summary>Heads times head width.</summary>
    public int InputWidth { get; }

    /// <summary>D.</summary>
    public int OutputWidth { get; }

    internal OutputProjections(SessionFactory factory, InstrumentedModel model, int layers, int inputWidth, int outputWidth, TensorElementType inputType) =>
        (this.factory, this.model, Layers, InputWidth, OutputWidth, this.inputType) = (factory, model, layers, inputWidth, outputWidth, inputType);

    /// <exception cref="Models.ModelRefusedException">The file has changed since the model was loaded.</exception>
    public IReadOnlyList<OutputProjection> Measure()
    {
        lock (gate) return measured ??= MeasureOnce();
    }

    /// <summary>Mixed values [rows, input width] of each layer to what is added, [rows, D].</summary>
    internal float[][] Project(IReadOnlyList<float[]> mixed)
    {
        using var session = factory.CreateInMemory(model);
        var inputs = new Dictionary<string, OrtValue>();
        try
        {
            for (var l = 0; l < Layers; l++)
                inputs[ProjectionBuilder.Input(l)] = Tensors.FromFloats(mixed[l], [mixed[l].Length / InputWidth, InputWidth], inputType);
            return session.Run(inputs, [.. Enumerable.Range(0, Layers).Select(ProjectionBuilder.Output)], values => values.Select(Tensors.ToFloats).ToArray());
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }

    private OutputProjection[] MeasureOnce()
    {
        // One row of zeros gives the bias, the unit vectors the weights with the bias on top.
        var units = new float[(InputWidth + 1) * InputWidth];
        for (var i = 0; i < InputWidth; i++) units[(i + 1) * InputWidth + i] = 1;
        return [.. Project([.. Enumerable.Repeat(units, Layers)]).Select(rows =>
        {
            var (bias, weights) = (rows[..OutputWidth], rows[OutputWidth..]);
            for (var i = 0; i < weights.Length; i++) weights[i] -= bias[i % OutputWidth];
            return new OutputProjection(weights, bias);
        })];
    }
}
