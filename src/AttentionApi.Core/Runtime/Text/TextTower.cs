using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Text;

/// <summary>Embeddings of texts and, where asked for, the attention between their tokens.</summary>
/// <param name="Embeddings">[texts, width], as the model gives them: not normalised by us.</param>
/// <param name="Width">Size of one embedding.</param>
/// <param name="Length">Positions S that the texts were padded to.</param>
/// <param name="PooledPositions">The position whose hidden state became the embedding, by text; null where the graph does not tell.</param>
/// <param name="Attention">Softmax probabilities [layer][text, head, query, key]; null where not asked for or not available.</param>
internal sealed record TextEncoding(float[] Embeddings, int Width, int Length, int[]? PooledPositions, float[][]? Attention);

/// <summary>A text tower ready to run. Its session is safe for concurrent runs.</summary>
internal sealed record TextTower : IDisposable
{
    public required InferenceSession Session { get; init; }
    public required InstrumentedModel Model { get; init; }
    public required TextInput Input { get; init; }

    /// <summary>The embedding [texts, width].</summary>
    public required TensorInfo Embedding { get; init; }

    /// <summary>Attention by layer, [texts, heads, S, S] or [texts·heads, S, S]; empty where the tower does not expose it.</summary>
    public required IReadOnlyList<string> Attention { get; init; }
    public required int Heads { get; init; }

    /// <summary>The tensor of pooled positions, [texts]; null where the position is always the same.</summary>
    public required string? PooledPositionTensor { get; init; }

    /// <summary>A pooled position that does not depend on the text; negative: counted from the end. Null where the graph does not tell.</summary>
    public required int? FixedPooledPosition { get; init; }

    /// <summary>Positions, where the export fixed them: texts are padded to exactly these.</summary>
    public int? FixedLength => Input.FixedLength;

    /// <summary>Encodes texts in one run (or several, where the export fixed the batch).</summary>
    /// <param name="texts">Token ids of each text, with start and end tokens, without padding.</param>
    /// <param name="padId">The id that fills shorter texts.</param>
    /// <param name="withAttention">Whether attention is wanted too.</param>
    /// <param name="length">Positions to pad to; 0: the fixed length, else the longest text.</param>
    /// <exception cref="ModelRunException">The run failed.</exception>
    public TextEncoding Encode(IReadOnlyList<IReadOnlyList<int>> texts, int padId, bool withAttention = false, int length = 0)
    {
        length = FixedLength ?? Math.Max(length, texts.Max(text => text.Count));
        var batch = Input.FixedBatch ?? texts.Count;
        var encoding = new TextEncoding(new float[texts.Count * Embedding.Shape[^1]], (int)Embedding.Shape[^1], length,
            PooledPositionTensor is null && FixedPooledPosition is null ? null : new int[texts.Count],
            withAttention && Attention.Count > 0 ? [.. Attention.Select(_ => new float[texts.Count * Heads * length * length])] : null);
        for (var first = 0; first < texts.Count; first += batch) Run(texts, first, batch, padId, encoding);
        return encoding;
    }

    /// <summary>The inputs for one text, as a run of <see cref="Encode"/> takes them; the caller disposes of them.</summary>
    /// <param name="tokens">Ids without padding.</param>
    /// <param name="padId">The id that fills what is left.</param>
    /// <param name="length">Positions to pad to; 0: the fixed length, else the text's own.</param>
    internal Dictionary<string, OrtValue> Feed(IReadOnlyList<int> tokens, int padId, int length)
    {
        length = FixedLength ?? Math.Max(length, tokens.Count);
        var ids = new long[length];
        for (var i = 0; i < length; i++) ids[i] = i < tokens.Count ? tokens[i] : padId;
        return Input.Feed(ids, [Math.Min(tokens.Count, length)], length);
    }

    public void Dispose() => Session.Dispose();

    private void Run(IReadOnlyList<IReadOnlyList<int>> texts, int first, int batch, int padId, TextEncoding encoding)
    {
        var length = encoding.Length;
        var count = Math.Min(batch, texts.Count - first);
        var ids = new long[batch * length];
        Array.Fill(ids, padId);
        var lengths = new int[count];
        for (var text = 0; text < count; text++)
        {
            var tokens = texts[first + text];
            lengths[text] = Math.Min(tokens.Count, length);
            for (var i = 0; i < lengths[text]; i++) ids[text * length + i] = tokens[i];
        }

        var inputs = Input.Feed(ids, lengths, length);
        try
        {
            List<string> outputs = [Embedding.Name];
            if (PooledPositionTensor is not null) outputs.Add(PooledPositionTensor);
            if (encoding.Attention is not null) outputs.AddRange(Attention);
            ModelRunException.Guard(() => Session.Run(inputs, outputs, values =>
            {
                Copy(values[0], encoding.Embeddings, first, count, encoding.Width);
                for (var text = 0; text < count && encoding.PooledPositions is { } positions; text++)
                    positions[first + text] = PooledPositionTensor is null
                        ? FixedPooledPosition!.Value + (FixedPooledPosition < 0 ? length : 0) : Position(values[1], text);
                for (var layer = 0; layer < encoding.Attention?.Length; layer++)
                    Copy(values[outputs.Count - Attention.Count + layer], encoding.Attention[layer], first, count, Heads * length * length);
                return true;
            }));
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }

    private static void Copy(OrtValue value, float[] target, int first, int count, int width)
    {
        var values = Tensors.ToFloats(value);
        values.AsSpan(0, count * width).CopyTo(target.AsSpan(first * width));
    }

    private static int Position(OrtValue value, int text) =>
        value.GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int32 ? value.GetTensorDataAsSpan<int>()[text]
            : (int)value.GetTensorDataAsSpan<long>()[text];
}
