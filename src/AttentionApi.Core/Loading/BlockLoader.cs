using System.Globalization;
using System.Numerics.Tensors;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading;

/// <summary>
/// Makes the insides of a tower's blocks fetchable: values, hidden states before and after each attention, output projections. Offered only where, on the
/// probe's picture, the parts give what each attention adds to the hidden states.
/// </summary>
internal sealed class BlockLoader
{
    private readonly OnnxGraph graph;
    private readonly IReadOnlyList<AttentionSite> layers;
    private readonly ResidualStream stream;
    private readonly IReadOnlyList<AttentionOperands> operands;

    /// <summary>Why the tensors inside the blocks cannot be fetched; null where they can.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Why the parts that attention, feed-forward parts and head give do not add up to the score; null where they do.</summary>
    public string? PartsRefusal { get; private set; }

    /// <summary>The outputs that a run must fetch, see <see cref="Read"/>.</summary>
    public IReadOnlyList<string> Outputs { get; } = [];

    public BlockLoader(GraphInstrumenter instrumenter, IReadOnlyList<AttentionSite> layers, ResidualStream stream, IReadOnlyList<AttentionOperands> operands)
    {
        (graph, this.layers, this.stream, this.operands) = (instrumenter.Graph, layers, stream, operands);
        var last = operands[^1];
        Refusal = operands.Any(layer => layer.Values is null) ? "the values enter their product in a form that is not read"
            : stream.Joints.Any(joint => joint.After.Tensor is null || !joint.OnlyAdditions) ? "more than additions lies between its hidden states"
            : null;
        if (Refusal is not null) return;
        IEnumerable<string> names = [.. stream.Joints.Select(joint => joint.After.Tensor!), .. operands.Select(layer => layer.Values!.Tensor)];
        if (last is { Queries: { } queries, Keys: { } keys }) names = [.. names, queries.Tensor, keys.Tensor];
        Outputs = [.. names.Select(instrumenter.Expose)];
    }

    /// <summary>What a run on the probe's picture gave for <see cref="Outputs"/>.</summary>
    public BlockTrial? Read(IReadOnlyList<OrtValue> values, int heads, int tokens)
    {
        if (Refusal is not null) return null;
        var infos = Outputs.Zip(values, Tensors.Describe).ToList();
        var count = layers.Count;
        var found = operands.Select((layer, l) => heads < 1 ? null : Operand(layer.Values!, infos[count + l], heads, tokens)).ToList();
        if (found.Contains(null))
        {
            Refusal = "the values lie in an order that is not read";
            return null;
        }
        OperandInfo? Last(AttentionOperand? operand, int place) =>
            operand is null || infos.Count <= place ? null : Operand(operand, infos[place], heads, tokens);
        var tensors = new BlockTensors
        {
            AfterAttention = infos[..count],
            Values = [.. found.Select(operand => operand!)],
            LastQueries = Last(operands[^1].Queries, 2 * count),
            LastKeys = Last(operands[^1].Keys, 1 + 2 * count),
        };
        return new(tensors, [.. values.Take(count).Select(Tensors.ToFloats)], [.. values.Skip(count).Take(count).Select(Tensors.ToFloats)]);
    }

    /// <summary>Null where the shape is not that of one operand a head.</summary>
    private static OperandInfo? Operand(AttentionOperand operand, TensorInfo info, int heads, int tokens)
    {
        if (!Tensors.IsReal(info.ElementType) || info.Shape.Length < 3 || info.Count % (heads * tokens) != 0) return null;
        var width = info.Count / heads / tokens;
        var tokenAxis = operand.Order switch { OperandOrder.HeadTokenWidth => info.Shape[^2] == tokens && info.Shape[^1] == width,
            OperandOrder.HeadWidthToken => info.Shape[^1] == tokens && info.Shape[^2] == width, _ => info.Shape[^1] == heads * width };
        return tokenAxis && (operand.Bias is null || operand.Bias.Length == heads * width) ? new(info, operand.Order, heads, width, operand.Bias) : null;
    }

    /// <summary>Builds the output projections, and tries that probabilities, values and projections give what each attention adds.</summary>
    /// <param name="factory">Makes their session.</param>
    /// <param name="trial">Of the probe.</param>
    /// <param name="heads">Probabilities of the first layers, as many as were fetched, [head, query, key].</param>
    /// <param name="hidden">Z_0 … Z_L of the probe.</param>
    /// <param name="readOut">Final norm and head; null where they read more than one token.</param>
    public TowerBlocks? Open(SessionFactory factory, BlockTrial? trial, IReadOnlyList<float[]> heads, IReadOnlyList<float[]> hidden, ReadOutSession? readOut)
    {
        if (trial is null) return null;
        var (values, width) = (trial.Tensors.Values[0], trial.Tensors.Values[0].Heads * trial.Tensors.Values[0].Width);
        var (model, refusal) = new ProjectionBuilder(graph).Build(layers, stream.Joints, (int)values.Tensor.ElementType);
        if (model is null || trial.Tensors.Values.Any(layer => layer.Heads * layer.Width != width))
        {
            Refusal = refusal ?? "its layers differ in width";
            return null;
        }
        var projections = new OutputProjections(factory, model, layers.Count, width, hidden[0].Length / values.Tokens, values.Tensor.ElementType);
        int[] rows = [readOut?.HeadToken ?? 0, values.Tokens / 2, values.Tokens - 1];
        var added = Project(projections, trial, heads, rows);
        Refusal = added.Any(layer => layer.Length != rows.Length * projections.OutputWidth)
            ? "what follows its mixed values is no projection of each token by itself" : Difference(projections, trial, hidden, rows, added);
        if (Refusal is not null) return null;
        var blocks = new TowerBlocks(trial.Tensors, projections, readOut, factory);
        if (readOut is not null && heads.Count == layers.Count)
            PartsRefusal = MissingPart(blocks.Head, trial, hidden, rows[0], [.. added.Select(layer => layer[..projections.OutputWidth])]);
        return blocks;
    }

    /// <summary>What the first layers' attention adds to some tokens, from the parts; [layer][row, D].</summary>
    private float[][] Project(OutputProjections projections, BlockTrial trial, IReadOnlyList<float[]> heads, int[] rows)
    {
        var mixed = trial.Tensors.Values.Select((operand, l) =>
            l < heads.Count ? Mix(operand, trial.Values[l], heads[l], rows) : new float[rows.Length * projections.InputWidth]).ToList();
        return [.. OrtErrors.Translate(graph.File.FileName, () => projections.Project(mixed)).Take(heads.Count)];
    }

    private string? Difference(OutputProjections projections, BlockTrial trial, IReadOnlyList<float[]> hidden, int[] rows, float[][] added)
    {
        // The cut is fused otherwise than within the model.
        const float slack = 10;
        for (var l = 0; l < added.Length; l++)
        {
            var expected = new float[added[l].Length];
            for (var i = 0; i < expected.Length; i++)
            {
                var at = rows[i / projections.OutputWidth] * projections.OutputWidth + i % projections.OutputWidth;
                expected[i] = trial.AfterAttention[l][at] - hidden[l][at];
            }
            var difference = PlainOutput.Difference(expected, added[l]);
            if (!(difference <= slack * Tolerance))
                return string.Create(CultureInfo.InvariantCulture,
                    $"layer {l + 1}'s probabilities, values and output projection do not give what its attention adds (they differ by {difference:g2} of the "
                        + $"largest value)");
        }
        return null;
    }

    /// <summary>The sum rule: embeddings, attention and feed-forward parts through the linearised head give the head's own score.</summary>
    private string? MissingPart(LinearHead head, BlockTrial trial, IReadOnlyList<float[]> hidden, int token, float[][] added)
    {
        const float slack = 10;
        var width = added[0].Length;
        float[] StateOf(float[] states) => states[(token * width)..((token + 1) * width)];
        var sum = StateOf(hidden[0]);
        for (var l = 0; l < added.Length; l++)
        {
            TensorPrimitives.Add(sum, added[l], sum);
            TensorPrimitives.Add(sum, StateOf(hidden[l + 1]), sum);
            TensorPrimitives.Subtract(sum, StateOf(trial.AfterAttention[l]), sum);
        }
        var linear = head.At(StateOf(hidden[^1]));
        var difference = MathF.Max(linear.Misfit, PlainOutput.Difference(StateOf(hidden[^1]), sum));
        return difference <= slack * Tolerance ? null
            : string.Create(CultureInfo.InvariantCulture, $"its parts do not add up to its answer (they differ by {difference:g2})");
    }

    private float Tolerance => Precisions.Tolerance(Precisions.Of(graph));

    /// <summary>Σ_j A[i, j] V[j] of some rows, heads side by side.</summary>
    private static float[] Mix(OperandInfo operand, float[] raw, float[] probabilities, int[] rows)
    {
        var (heads, tokens, width) = (operand.Heads, operand.Tokens, operand.Width);
        var values = new float[raw.Length];
        operand.Arrange(raw, values);
        var mixed = new float[rows.Length * heads * width];
        for (var i = 0; i < rows.Length; i++)
        {
            for (var head = 0; head < heads; head++)
            {
                var target = mixed.AsSpan((i * heads + head) * width, width);
                for (var j = 0; j < tokens; j++)
                    TensorPrimitives.MultiplyAdd<float>(values.AsSpan((head * tokens + j) * width, width),
                        probabilities[(head * tokens + rows[i]) * tokens + j], target, target);
            }
        }
        return mixed;
    }
}

/// <summary>Tensors inside the blocks, on the probe's picture.</summary>
/// <param name="Tensors">What can be fetched.</param>
/// <param name="AfterAttention">The hidden states after each attention.</param>
/// <param name="Values">The values of each layer, as they lie in the session.</param>
internal sealed record BlockTrial(BlockTensors Tensors, IReadOnlyList<float[]> AfterAttention, IReadOnlyList<float[]> Values);
