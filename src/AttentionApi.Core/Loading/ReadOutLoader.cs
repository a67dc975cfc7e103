using System.Numerics.Tensors;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Loading;

/// <summary>Opens a model's read-out, and offers it only if it reproduces the model's own answer.</summary>
/// <param name="factory">Makes its sessions.</param>
/// <param name="graph">The tower's graph.</param>
/// <param name="last">The hidden state that leaves the last layer.</param>
/// <param name="hidden">The same as the probe saw it, [1, token, width] or without the first axis.</param>
internal sealed class ReadOutLoader(SessionFactory factory, OnnxGraph graph, HiddenState last, TensorInfo hidden)
{
    private int Width => (int)hidden.Shape[^1];

    /// <summary>Builds the read-out and compares what it gives for the head's token with the model's answer.</summary>
    /// <param name="sites">The attention sites, behind which no read-out may look.</param>
    /// <param name="values">The last hidden state of the trial picture, [token, width].</param>
    /// <param name="answer">What the model answered to it.</param>
    /// <param name="normalised">Whether only the answer's direction counts.</param>
    /// <returns>The read-out, or why there is none.</returns>
    public (ReadOutSession? Session, string? Refusal) Open(AttentionSites sites, float[] values, PlainOutput answer, bool normalised)
    {
        // ONNX Runtime fuses the head alone differently than within the model.
        const float slack = 10;
        var readOut = ReadOutBuilder.Build(graph, last, hidden.Shape, (int)hidden.ElementType, normalised
            ? BeforeLength(answer.Info.Name) : answer.Info.Name, sites);
        if (readOut.Model is null) return (null, readOut.Refusal);
        var opened = new ReadOutSession
        {
            Sessions = Sessions(readOut.Model),
            InputType = hidden.ElementType,
            HiddenWidth = Width,
            Width = answer.Values.Length,
            HeadToken = readOut.HeadToken,
            FirstOfTwoHeads = readOut.FirstOfTwoHeads,
        };
        var (expected, read) = (answer.Values.ToArray(), new float[opened.Width]);
        using var token = Tensors.FromFloats(values.AsSpan(readOut.HeadToken * Width, Width).ToArray(), [1, Width], hidden.ElementType);
        OrtErrors.Translate(graph.File.FileName, () => { opened.Read(token, read); return true; });
        if (normalised)
        {
            // Cosines do not depend on whether the model normalises its embedding.
            TensorPrimitives.Divide(expected, TensorPrimitives.Norm<float>(expected), expected);
            TensorPrimitives.Divide(read, TensorPrimitives.Norm<float>(read), read);
        }
        if (readOut.FirstOfTwoHeads || PlainOutput.Difference(expected, read) <= slack * answer.Tolerance) return (opened, null);
        opened.Dispose();
        return (null, "the final norm and the head, run by themselves, do not reproduce the model's answer");
    }

    private IReadOnlyList<Microsoft.ML.OnnxRuntime.InferenceSession> Sessions(InstrumentedModel model) =>
        OrtErrors.Translate(graph.File.FileName, () => factory.OnEachDevice(place => factory.CreateInMemory(model, place)));

    /// <summary>The embedding before a combined file divides it by its length: a linear function of the normalised hidden state, which the quotient is
    /// not.</summary>
    private string BeforeLength(string embedding)
    {
        for (var tensor = embedding; graph.Producer(tensor) is { } node; tensor = node.Inputs[0])
        {
            if (node.Is("LpNormalization")) return node.Inputs[0];
            if (node.Is("Div")) return graph.Producer(node.Inputs[0]) is { } own
                && graph.Ancestors([node.Inputs[1]]).Contains(own) ? node.Inputs[0] : embedding;
            if (node.Type is not ("Identity" or "Cast")) break;
        }
        return embedding;
    }

    /// <summary>The final norm by itself; null where tokens are not normalised one by one.</summary>
    public ReadOutSession? OpenNorm()
    {
        if (FinalNormBuilder.Build(graph, last, hidden.Shape.Length, (int)hidden.ElementType) is not { } model) return null;
        return new()
        {
            Sessions = Sessions(model),
            InputType = hidden.ElementType, HiddenWidth = Width, Width = Width, HeadToken = 0, FirstOfTwoHeads = false,
        };
    }
}
