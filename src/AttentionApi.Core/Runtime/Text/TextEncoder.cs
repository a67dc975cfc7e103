using System.Collections.Concurrent;
using System.Numerics.Tensors;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Text;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Text;

/// <summary>Labels to unit embeddings, through prompts, tokenizer and text tower. Each text is encoded once and then remembered.</summary>
internal sealed class TextEncoder(TextTower tower, SessionPool pool, Tokenizer tokenizer, KnownWords? knownWords) : IAsyncDisposable
{
    /// <summary>Texts per run: enough to fill the matrix products, few enough to keep the session's memory small.</summary>
    private const int BatchSize = 32;

    /// <summary>Remembered texts; at 768 numbers each they take 25 MB at most. Beyond that all are forgotten, which is simpler than tracking their use and
    /// rarely happens.</summary>
    private const int RememberedTexts = 8192;

    private readonly ConcurrentDictionary<string, float[]> remembered = new(StringComparer.Ordinal);

    /// <summary>The mean over prompts of unit embeddings, normalised again (Radford et al. 2021), by label.</summary>
    /// <exception cref="ParameterException">A prompt is without {}, or a label would be truncated.</exception>
    public async Task<IReadOnlyList<float[]>> EmbedAsync(IReadOnlyList<string> labels, IReadOnlyList<string> prompts, StageTimings timings,
        CancellationToken cancellation)
    {
        var templates = prompts.Select(Template).ToArray();
        var texts = labels.SelectMany(label => templates.Select(template => template.Fill(label))).Distinct(StringComparer.Ordinal).ToArray();
        var embeddings = await EncodeAsync(texts, timings, cancellation).ConfigureAwait(false);
        return [.. labels.Select(label => Ensemble([.. templates.Select(template => embeddings[template.Fill(label)])]))];
    }

    /// <summary>The unit embedding of the empty text: start and end token alone.</summary>
    public async Task<float[]> EmbedEmptyAsync(StageTimings timings, CancellationToken cancellation) =>
        (await EncodeAsync([""], timings, cancellation).ConfigureAwait(false))[""];

    /// <summary>Runs the tower once, whatever is remembered.</summary>
    /// <exception cref="ModelRunException">The run failed.</exception>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        using var lease = await pool.RentAsync(cancellation).ConfigureAwait(false);
        tower.Encode([Tokens("")], tokenizer.PadId, length: PaddedLength);
    }

    /// <summary>The text tower's attention for the prompt with each label.</summary>
    public async Task<IReadOnlyList<TextAttention>> AttendAsync(IReadOnlyList<string> labels, string prompt, StageTimings timings,
        CancellationToken cancellation)
    {
        var template = Template(prompt);
        var answers = new List<TextAttention>();
        using var lease = await RentAsync(timings, cancellation).ConfigureAwait(false);
        using var _ = timings.Measure(Stages.Inference);
        foreach (var label in labels)
        {
            cancellation.ThrowIfCancellationRequested();
            var text = template.Fill(label);
            var ids = Tokens(text);
            var encoding = tower.Encode([ids], tokenizer.PadId, withAttention: true, PaddedLength);
            answers.Add(new TextAttention(label, text, ids, [.. ids.Select(tokenizer.TokenText)], encoding.PooledPositions?[0]
                ?? ids.Length - 1, Activations(encoding)));
        }
        return answers;
    }

    /// <summary>The prompt with each label, ready for a backward pass: its inputs, and the position whose hidden state becomes the embedding.</summary>
    /// <param name="use">Takes one text; its inputs live only within.</param>
    public async Task<IReadOnlyList<T>> FeedAsync<T>(
        IReadOnlyList<string> labels, string prompt, Func<EncodedText, IReadOnlyDictionary<string, OrtValue>, Task<T>> use, StageTimings timings,
            CancellationToken cancellation)
    {
        var template = Template(prompt);
        var results = new List<T>();
        foreach (var label in labels)
        {
            var text = template.Fill(label);
            var ids = Tokens(text);
            int pooled;
            using (await RentAsync(timings, cancellation).ConfigureAwait(false))
            {
                pooled = tower.Encode([ids], tokenizer.PadId, length: PaddedLength).PooledPositions?[0] ?? ids.Length - 1;
            }
            var feeds = tower.Feed(ids, tokenizer.PadId, PaddedLength);
            try
            {
                using var _ = timings.Measure(Stages.Inference);
                results.Add(await use(new(label, text, ids, [.. ids.Select(tokenizer.TokenText)], pooled), feeds).ConfigureAwait(false));
            }
            finally
            {
                foreach (var value in feeds.Values) value.Dispose();
            }
        }
        return results;
    }

    /// <summary>Warnings about words that the model has never seen.</summary>
    public IReadOnlyList<string> Warnings(IReadOnlyList<string> labels)
    {
        string[] unknown = [.. labels.Where(label => knownWords is null ? tokenizer.FallsApart(label) : !knownWords.Contains(label))];
        if (unknown.Length == 0) return [];
        var names = string.Join(", ", unknown.Select(label => $"'{label}'"));
        return [knownWords is null
            ? $"The model's vocabulary has no piece for a word in {names}: it is split into single letters, so its maps and scores say little."
            : $"The model was not trained on {names} (its vocabulary.json lists the words it knows), so maps and scores for it say little."];
    }

    /// <summary>Waits for runs in flight, then frees the sessions.</summary>
    public ValueTask DisposeAsync() => pool.DisposeAsync();

    private async Task<Dictionary<string, float[]>> EncodeAsync(string[] texts, StageTimings timings, CancellationToken cancellation)
    {
        var embeddings = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var text in texts)
        {
            if (remembered.TryGetValue(text, out var known)) embeddings[text] = known;
            else missing.Add(text);
        }
        if (missing.Count == 0) return embeddings;

        var ids = new IReadOnlyList<int>[missing.Count];
        for (var text = 0; text < ids.Length; text++)
        {
            cancellation.ThrowIfCancellationRequested();
            ids[text] = Tokens(missing[text]);
        }
        using var lease = await RentAsync(timings, cancellation).ConfigureAwait(false);
        using var _ = timings.Measure(Stages.Inference);
        for (var first = 0; first < ids.Length; first += BatchSize)
        {
            cancellation.ThrowIfCancellationRequested();
            var encoding = tower.Encode(ids[first..Math.Min(first + BatchSize, ids.Length)], tokenizer.PadId, length: PaddedLength);
            for (var row = 0; row < encoding.Embeddings.Length / encoding.Width; row++)
                embeddings[missing[first + row]] = Remember(missing[first + row], encoding, row);
        }
        return embeddings;
    }

    private float[] Remember(string text, TextEncoding encoding, int row)
    {
        var embedding = encoding.Embeddings.AsSpan(row * encoding.Width, encoding.Width).ToArray();
        ForwardPass.Normalise(embedding);
        if (remembered.Count >= RememberedTexts) remembered.Clear();
        remembered[text] = embedding;
        return embedding;
    }

    private async Task<SessionPool.Lease> RentAsync(StageTimings timings, CancellationToken cancellation)
    {
        using var _ = timings.Measure(Stages.Queue);
        return await pool.RentAsync(cancellation).ConfigureAwait(false);
    }

    private int PaddedLength => tokenizer.PadsToMaxLength ? tokenizer.MaxLength : 0;

    private int[] Tokens(string text)
    {
        var ids = tokenizer.Encode(text, out var truncated);
        return !truncated ? ids : throw new ParameterException(LabelList.LabelsName,
            $"The text '{Shortened(text)}' has more tokens than the {tokenizer.MaxLength} that the model reads; its end would be ignored. Use a shorter label "
                + "or prompt.");
    }

    private static string Shortened(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "…");

    private static PromptTemplate Template(string prompt)
    {
        try
        {
            return new PromptTemplate(prompt);
        }
        catch (ArgumentException bad)
        {
            throw new ParameterException(LabelList.PromptName, bad.Message);
        }
    }

    private static float[] Ensemble(IReadOnlyList<float[]> embeddings)
    {
        if (embeddings.Count == 1) return embeddings[0];
        var mean = new float[embeddings[0].Length];
        foreach (var embedding in embeddings) TensorPrimitives.Add(mean, embedding, mean);
        ForwardPass.Normalise(mean);
        return mean;
    }

    private Activations Activations(TextEncoding encoding) => new()
    {
        Layers = tower.Attention.Count,
        Heads = tower.Heads,
        Tokens = encoding.Length,
        HeadAttention = [.. (encoding.Attention ?? throw new InvalidOperationException("The text tower gives no attention."))
            .SelectMany(layer => layer)],
        Output = [],
    };
}
