using System.Numerics.Tensors;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>
/// Attention rollout (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020): R = Ã_to · … · Ã_from with Ã_l = (F_l + αI)/rowsum,
/// later layers on the left. A map is one row of R, taken as a row vector through the layers without forming R (docs/methods.md C.3, C.4).
/// </summary>
public sealed class Rollout : Explainer
{
    public static readonly Parameter<double> Residual = ParameterKinds.Number("residual", 1, 0, 1000,
        "α in (F + αI): how much of each token stays where it is; 0 leaves the residual connection out.");

    public static readonly Parameter<double> DiscardRatio = ParameterKinds.Number("discard", 0, 0, 1,
        "ρ: the share of smallest attention entries set to zero in each layer.", maximumExcluded: true);

    public static readonly Parameter<bool> Matrix = ParameterKinds.Flag("matrix", false,
        "Adds the whole token × token rollout matrix (fused heads, or one head).") with { For = Outputs.Json, RefusedWhereUnused = true };

    public override MethodInfo Info { get; } = new()
    {
        Name = "rollout",
        Title = "Attention rollout",
        Shows = "How much of each patch flows into the query token when attention and residual connections are followed through the layers.",
        ShowsNot = "It shows where information can come from, not which class it speaks for.",
        Paper = "Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers",
        Layers = LayerUse.Through,
        Frames = [FrameMode.Cumulative, FrameMode.Layers],
        Parameters = [.. AttentionParameters.RangeAndHeads, Residual, DiscardRatio, Query, Matrix],
    };

    public override void Check(MethodContext context)
    {
        if (context.Values.Get(Matrix) && context.Values.Get(Heads) == HeadChoice.Each)
        {
            throw Matrix.Wrong("The matrix is that of a rollout with fused heads or one head; leave 'matrix' out, or take heads=fused.");
        }
        if (context.Values.Layers().From > 1)
        {
            context.Warn("A range that starts after layer 1 distributes over tokens, not pixels: a patch stands for what layers before have mixed into it.");
        }
        if (context.Values.Get(DiscardRatio) > 0 && context.Values.Get(Residual) == 0)
        {
            context.Warn("Without a residual, a token whose attention is discarded entirely counts as looking everywhere alike.");
        }
    }

    public override IEnumerable<(Parameter Parameter, string Why)> Ineffective(ParameterValues values) => AttentionParameters.Ineffective(values);

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var stacks = await AttentionParameters.StacksAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var query = parameters.Get(Query)!.Value;
        Propagation[] heads = [.. stacks.Select(stack => Propagation.Of(stack, parameters))];
        return new([.. heads.Select(head => head.Map(query))])
        {
            Matrices = parameters.Get(Matrix) ? [new("rollout", heads[0].Matrix(), inspection.Tokens.Count)] : [],
        };
    }

    public override async Task<IReadOnlyList<MapSet>> FramesAsync(Inspection inspection, ParameterValues parameters, FrameMode mode, CancellationToken cancellation)
    {
        var stacks = await AttentionParameters.StacksAsync(inspection, parameters, cancellation).ConfigureAwait(false);
        var (from, to) = parameters.Layers();
        var query = parameters.Get(Query)!.Value;
        Propagation[] heads = [.. stacks.Select(stack => Propagation.Of(stack, parameters))];
        return [.. Enumerable.Range(from, to - from + 1).Select(layer =>
            new MapSet([.. heads.Select(head => head.Within(mode == FrameMode.Cumulative ? from : layer, layer).Map(query))]))];
    }

    /// <summary>A rollout through a range of layers.</summary>
    /// <param name="Attention">F_l.</param>
    /// <param name="Layers">F_l of the range after discarding, the first layer first.</param>
    /// <param name="First">Number of the first of them, from 1.</param>
    /// <param name="Alpha">α ≥ 0.</param>
    public sealed record Propagation(LayerAttention Attention, ReadOnlyMemory<float>[] Layers, int First, float Alpha)
    {
        private TokenLayout Tokens => Attention.Tokens;

        public static Propagation Of(LayerAttention attention, ParameterValues parameters)
        {
            var (from, to) = parameters.Layers();
            var ratio = parameters.Get(DiscardRatio);
            var tokens = attention.Tokens;
            ReadOnlyMemory<float>[] layers = [.. Enumerable.Range(from, to - from + 1).Select(layer =>
                ratio > 0 ? Discard.Apply(attention[layer].Span, tokens.Count, ratio, tokens.HasCls) : attention[layer])];
            return new(attention, layers, from, (float)parameters.Get(Residual));
        }

        /// <summary>The same through fewer layers of the range.</summary>
        public Propagation Within(int from, int to) => this with { Layers = Layers[(from - First)..(to - First + 1)], First = from };

        /// <summary>The query row of R over the patches.</summary>
        public Heatmap Map(QueryToken query)
        {
            var row = AttentionParameters.QueryRow(Tokens, query);
            Propagate(row);
            return AttentionParameters.PatchMap(Tokens, row, First + Layers.Length - 1, Attention.Head);
        }

        /// <summary>The whole matrix R, [N, N], row = query, column = key.</summary>
        public float[] Matrix()
        {
            var tokens = Tokens.Count;
            var matrix = new float[tokens * tokens];
            for (var query = 0; query < tokens; query++)
            {
                var row = matrix.AsSpan(query * tokens, tokens);
                row[query] = 1;
                Propagate(row);
            }
            return matrix;
        }

        /// <summary>row ← rowᵀ Ã_last … Ã_first, O(layers · N²), normalising each matrix row on the way.</summary>
        private void Propagate(Span<float> row)
        {
            var tokens = row.Length;
            var next = new float[tokens];
            for (var layer = Layers.Length - 1; layer >= 0; layer--)
            {
                var matrix = Layers[layer].Span;
                Array.Clear(next);
                for (var query = 0; query < tokens; query++)
                {
                    if (row[query] == 0) continue;
                    var keys = matrix.Slice(query * tokens, tokens);
                    var sum = TensorPrimitives.Sum(keys) + Alpha;
                    if (sum <= 0)
                    {
                        // Everything was discarded and there is no residual: nothing is known of this token, so it looks everywhere alike.
                        TensorPrimitives.Add(next, row[query] / tokens, next);
                        continue;
                    }
                    var weight = row[query] / sum;
                    TensorPrimitives.MultiplyAdd(keys, weight, next, next);
                    next[query] += weight * Alpha;
                }
                next.CopyTo(row);
            }
        }
    }
}
