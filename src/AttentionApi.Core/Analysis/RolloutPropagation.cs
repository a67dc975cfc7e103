using System.Numerics.Tensors;
using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis;

/// <summary>
/// Attention rollout through a range of layers, R = Ã_to · … · Ã_from with Ã_l = (F_l + αI)/rowsum, later layers on the left (Abnar and Zuidema 2020;
/// docs/methods.md C.3, C.4). Rows of R are taken as row vectors through the layers, without forming R.
/// </summary>
internal sealed class RolloutPropagation
{
    private readonly ReadOnlyMemory<float>[] layers;
    private readonly int first;
    private readonly float residual;

    /// <param name="attention">F_l.</param>
    /// <param name="from">First layer, from 1.</param>
    /// <param name="to">Last layer, included.</param>
    /// <param name="residual">α ≥ 0.</param>
    /// <param name="discard">ρ, the share of smallest entries of each F_l that is set to zero, 0 ≤ ρ &lt; 1.</param>
    public RolloutPropagation(LayerAttention attention, int from, int to, double residual = 1, double discard = 0)
    {
        (Tokens, Head, first, this.residual) = (attention.Tokens, attention.Head, from, (float)residual);
        layers = [.. Enumerable.Range(from, to - from + 1).Select(layer =>
            discard > 0 ? Discard.Apply(attention[layer].Span, Tokens.Count, discard, Tokens.HasCls) : attention[layer])];
    }

    private RolloutPropagation(RolloutPropagation whole, int from, int to)
    {
        (Tokens, Head, first, residual) = (whole.Tokens, whole.Head, from, whole.residual);
        layers = whole.layers[(from - whole.first)..(to - whole.first + 1)];
    }

    public TokenLayout Tokens { get; }

    /// <summary>The one head from 1, or null for all.</summary>
    public int? Head { get; }

    public int LastLayer => first + layers.Length - 1;

    /// <summary>The same through a part of the range; nothing is discarded anew.</summary>
    public RolloutPropagation Within(int from, int to) => new(this, from, to);

    /// <summary>A row of R, or a mixture of rows: rᵀ R, [N].</summary>
    /// <param name="query">r, [N]: a unit vector for one query token.</param>
    public float[] Row(float[] query)
    {
        var row = (float[])query.Clone();
        Propagate(row);
        return row;
    }

    /// <summary>Ã_from … Ã_to, each [N, N] with rows that sum to 1.</summary>
    public IEnumerable<float[]> Matrices() => layers.Select(layer =>
    {
        var (matrix, tokens) = (layer.ToArray(), Tokens.Count);
        for (var query = 0; query < tokens; query++)
        {
            var row = matrix.AsSpan(query * tokens, tokens);
            row[query] += residual;
            var sum = TensorPrimitives.Sum<float>(row);
            if (sum > 0) TensorPrimitives.Divide(row, sum, row);
            else row.Fill(1f / tokens);
        }
        return matrix;
    });

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
        for (var layer = layers.Length - 1; layer >= 0; layer--)
        {
            var matrix = layers[layer].Span;
            Array.Clear(next);
            for (var query = 0; query < tokens; query++)
            {
                if (row[query] == 0) continue;
                var keys = matrix.Slice(query * tokens, tokens);
                var sum = TensorPrimitives.Sum(keys) + residual;
                if (sum <= 0)
                {
                    // Everything was discarded and there is no residual: nothing is known of this token, so it looks everywhere alike.
                    TensorPrimitives.Add(next, row[query] / tokens, next);
                    continue;
                }
                var weight = row[query] / sum;
                TensorPrimitives.MultiplyAdd(keys, weight, next, next);
                next[query] += weight * residual;
            }
            next.CopyTo(row);
        }
    }
}
