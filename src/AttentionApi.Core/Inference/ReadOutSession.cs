using System.Numerics.Tensors;
using AttentionApi.Core.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Inference;

/// <summary>
/// The model's final norm and projection (or classifier) for any token of any layer: hidden states in, embeddings or class logits (bias included) out. Safe for concurrent runs.
/// </summary>
public sealed record ReadOutSession : IDisposable
{
    public required InferenceSession Session { get; init; }

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

    /// <summary>Builds the read-out and lets it give the model's own answer again before it is offered.</summary>
    /// <returns>The read-out, or why there is none.</returns>
    internal static (ReadOutSession? Session, string? Refusal) Open(
        SessionFactory factory, OnnxGraph graph, AttentionSites sites, HiddenState last, TensorInfo hidden, float[] hiddenValues, PlainOutput answer, bool normalised)
    {
        // The head alone is fused otherwise than within the model.
        const float slack = 10;
        var readOut = ReadOutBuilder.Build(graph, last, hidden.Shape, (int)hidden.ElementType, answer.Info.Name, sites);
        if (readOut.Model is null) return (null, readOut.Refusal);
        var width = (int)hidden.Shape[^1];
        var opened = new ReadOutSession
        {
            Session = OrtErrors.Translate(graph.File.FileName, () => factory.CreateInMemory(readOut.Model)),
            InputType = hidden.ElementType,
            HiddenWidth = width,
            Width = answer.Values.Length,
            HeadToken = readOut.HeadToken,
            FirstOfTwoHeads = readOut.FirstOfTwoHeads,
        };
        var (expected, read) = (answer.Values.ToArray(), new float[opened.Width]);
        using var token = Tensors.FromFloats(hiddenValues.AsSpan(readOut.HeadToken * width, width).ToArray(), [1, width], hidden.ElementType);
        OrtErrors.Translate(graph.File.FileName, () => { opened.Read(token, read); return true; });
        if (normalised)
        {
            // Whether the model itself normalises its embedding is of no matter to cosines.
            TensorPrimitives.Divide(expected, TensorPrimitives.Norm<float>(expected), expected);
            TensorPrimitives.Divide(read, TensorPrimitives.Norm<float>(read), read);
        }
        if (readOut.FirstOfTwoHeads || PlainOutput.Difference(expected, read) <= slack * answer.Tolerance) return (opened, null);
        opened.Dispose();
        return (null, "the final norm and the head, taken by themselves, do not give the model's answer again");
    }

    /// <summary>Reads hidden states [.., D] of any number of rows into <paramref name="target"/>, [rows, E] float32. Embeddings are not normalised.</summary>
    public void Read(OrtValue hidden, Memory<float> target)
    {
        var rows = target.Length / Width;
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, target, [rows, Width]);
        using var options = new RunOptions();
        Session.Run(options, [ReadOutBuilder.Input], [hidden], [ReadOutBuilder.Output], [output]);
    }

    public void Dispose() => Session.Dispose();
}
