using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// The model's final norm and projection (or classifier) for any token of any layer: hidden states in, embeddings or class logits (bias included) out. Safe for
/// concurrent runs.
/// </summary>
internal sealed record ReadOutSession : IDisposable
{
    /// <summary>One on each GPU, or one on the processor.</summary>
    public required IReadOnlyList<InferenceSession> Sessions { get; init; }

    private int Place { get; init; }

    /// <summary>The one that runs.</summary>
    public InferenceSession Session => Sessions[Place % Sessions.Count];

    /// <summary>Type of the hidden states: that of <see cref="LayerOutputs.HiddenState"/>.</summary>
    public required TensorElementType InputType { get; init; }

    /// <summary>Width D of a hidden state.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>Width E of an embedding, or the number of classes.</summary>
    public required int Width { get; init; }

    /// <summary>The token that the model's own head reads.</summary>
    public required int HeadToken { get; init; }

    /// <summary>True where the model's logits are the mean of two heads and this is the first of them (DeiT with distillation).</summary>
    public required bool FirstOfTwoHeads { get; init; }

    /// <summary>Reads hidden states [.., D] of any number of rows into <paramref name="target"/>, [rows, E] float32. Embeddings are not normalised.</summary>
    public void Read(OrtValue hidden, Memory<float> target)
    {
        var rows = target.Length / Width;
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, target, [rows, Width]);
        Read(hidden, output);
    }

    /// <summary>The same into a value [rows, E], float32, wherever it lies.</summary>
    public void Read(OrtValue hidden, OrtValue output)
    {
        using var passage = CaptureGate.Pass();
        using var options = new RunOptions();
        ModelRunException.Guard(() => Session.Run(options, [ReadOutBuilder.Input], [hidden], [ReadOutBuilder.Output], [output]));
    }

    /// <summary>Hidden states [rows, D] to [rows, E]. Embeddings are not normalised.</summary>
    public float[] ReadRows(float[] hidden)
    {
        var rows = hidden.Length / HiddenWidth;
        var read = GC.AllocateUninitializedArray<float>(rows * Width);
        using var states = Tensors.FromFloats(hidden, [rows, HiddenWidth], InputType);
        Read(states, read);
        return read;
    }

    /// <summary>The same on the GPU of the pool's session at a place; not to be disposed of.</summary>
    public ReadOutSession On(int place) => this with { Place = place };

    public void Dispose()
    {
        foreach (var session in Sessions) session.Dispose();
    }
}
