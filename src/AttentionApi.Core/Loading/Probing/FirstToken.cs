using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>What a model's answer is read from, as far as the first token goes.</summary>
internal enum TokenReading
{
    /// <summary>There is no answer, or it cannot be cut from the layers.</summary>
    Unknown,
    /// <summary>The first token, alone or beside others: it is a class token.</summary>
    First,
    /// <summary>All patches alike; the first token not at all, or as one of them.</summary>
    Pooled,
}

/// <summary>Measures on the part of the graph behind the last layer which tokens the answer is read from. This holds for any head.</summary>
/// <param name="factory">Makes the session.</param>
/// <param name="graph">The vision graph.</param>
/// <param name="image">For heads that look at the picture's shape.</param>
internal sealed class FirstToken(SessionFactory factory, OnnxGraph graph, ImageInput image)
{
    /// <summary>Share of the largest answer below which two are the same; sums in another order differ by less.</summary>
    private const float Same = 1e-4f;

    /// <param name="last">The hidden state that leaves the last layer.</param>
    /// <param name="hidden">Its type and its shape for one picture.</param>
    /// <param name="answer">The output that is read from it.</param>
    /// <param name="prefixTokens">Tokens before the patches, at least 1.</param>
    public TokenReading Measure(HiddenState last, TensorInfo hidden, string answer, int prefixTokens)
    {
        var producer = last.FusedNorm ?? graph.Producer(last.Tensor!);
        string[] cut = [.. (producer?.Outputs ?? []).Where(tensor => tensor.Length > 0 && (graph.Consumers(tensor).Count > 0 || graph.IsOutput(tensor)))];
        if (cut.Length == 0 || cut.Contains(answer)) return TokenReading.Unknown;
        var head = new GraphInstrumenter(graph);
        foreach (var tensor in cut) head.AddInput(tensor, (int)hidden.ElementType, hidden.Shape.Length);
        head.Expose(answer);
        try
        {
            using var session = factory.CreateInMemory(head.BuildExposed());
            // A head that reads more than hidden states and the picture's shape cannot be cut off here.
            if (session.InputNames.Any(input => input != image.Name && !cut.Contains(input)) || !session.InputNames.Any(cut.Contains))
                return TokenReading.Unknown;
            return Compare(new Head(session, image, hidden, answer), prefixTokens);
        }
        catch (OnnxRuntimeException)
        {
            return TokenReading.Unknown;
        }
    }

    private static TokenReading Compare(Head head, int prefixTokens)
    {
        var still = head.Answer(tokens => { });
        bool Changes(Action<Token[]> change) => PlainOutput.Difference(still, head.Answer(change)) is var difference && !(difference <= Same);
        var first = Changes(tokens => tokens[0].Negate());
        var patches = Changes(tokens => { foreach (var token in tokens.Skip(prefixTokens)) token.Negate(); });
        if (first && patches) return Changes(tokens => tokens[0].Exchange(tokens[prefixTokens])) ? TokenReading.First : TokenReading.Pooled;
        return first ? TokenReading.First : patches ? TokenReading.Pooled : TokenReading.Unknown;
    }

    /// <summary>One token's numbers within hidden states.</summary>
    private sealed record Token(Memory<float> Values)
    {
        public void Negate() => System.Numerics.Tensors.TensorPrimitives.Negate<float>(Values.Span, Values.Span);

        public void Exchange(Token other)
        {
            var own = Values.ToArray();
            other.Values.CopyTo(Values);
            own.CopyTo(other.Values);
        }
    }

    /// <summary>Hidden states to the answer.</summary>
    private sealed class Head(InferenceSession session, ImageInput image, TensorInfo hidden, string answer)
    {
        /// <summary>The answer for made-up hidden states of which some tokens are changed.</summary>
        public float[] Answer(Action<Token[]> change)
        {
            var random = new Random(3);
            var (values, width) = (new float[hidden.Count], (int)hidden.Shape[^1]);
            for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle() * 2 - 1;
            change([.. Enumerable.Range(0, values.Length / width).Select(token => new Token(values.AsMemory(token * width, width)))]);
            var inputs = new Dictionary<string, OrtValue>();
            try
            {
                foreach (var name in session.InputNames)
                    inputs[name] = name == image.Name ? image.Feed(PlainModel.Picture(image)) : Tensors.FromFloats(values, hidden.Shape, hidden.ElementType);
                return session.Run(inputs, [answer], outputs => Tensors.ToFloats(outputs[0]));
            }
            finally
            {
                foreach (var value in inputs.Values) value.Dispose();
            }
        }
    }
}
