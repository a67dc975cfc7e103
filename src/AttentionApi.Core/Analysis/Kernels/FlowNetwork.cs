namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>
/// The residual network of one search at a time, after Dinic: nodes (level, token), level 0 below the first layer. All edges go one level down, so a node's
/// distance to the sink is its level until edges are full; only searches that miss their bound by that look for ways back up. Not safe for several threads.
/// </summary>
internal sealed class FlowNetwork
{
    /// <summary>What is left of capacities after subtractions in float32, relative to a unit of flow.</summary>
    private const float Dust = 1e-9f;
    private const int Unreached = int.MaxValue;

    private readonly IReadOnlyList<float[]> capacities;
    private readonly float[][] left;
    private readonly float[] source;
    private readonly int tokens;
    private readonly int top;
    private readonly float[] sourceLeft;
    private readonly int[] distance;
    private readonly int[] next;
    private readonly List<(int Layer, int Edge)> used = [];
    private int sink;

    public FlowNetwork(IReadOnlyList<float[]> capacities, float[] source)
    {
        (this.capacities, this.source, tokens, top) = (capacities, source, source.Length, capacities.Count);
        left = [.. capacities.Select(layer => layer.ToArray())];
        sourceLeft = new float[tokens];
        distance = new int[(top + 1) * tokens];
        next = new int[(top + 1) * tokens];
    }

    /// <returns>The maximum flow to a token of level 0, and its bound.</returns>
    public (float Flow, float Bound) To(int token)
    {
        sink = token;
        var bound = Bound();
        source.CopyTo(sourceLeft, 0);
        for (var node = 0; node < distance.Length; node++) distance[node] = node / tokens > 0 || node == sink ? node / tokens : Unreached;
        double flow = 0;
        while (true)
        {
            Array.Clear(next);
            var pushed = Push();
            flow += pushed;
            if (pushed <= Dust || flow >= bound * (1 - 1e-6)) break;
            if (!MeasureDistances()) break;
        }
        Restore();
        return ((float)Math.Min(flow, bound), (float)bound);
    }

    private double Bound()
    {
        double entering = 0;
        for (var from = 0; from < tokens; from++)
            entering += top == 1 ? Math.Min(source[from], capacities[0][from * tokens + sink]) : capacities[0][from * tokens + sink];
        return Math.Min(1, entering);
    }

    /// <summary>One phase: fills ways that come closer to the sink with every edge until there is none left.</summary>
    private double Push()
    {
        double pushed = 0;
        for (var token = 0; token < tokens; token++)
        {
            if (sourceLeft[token] <= Dust) continue;
            var sent = Push(top, token, sourceLeft[token]);
            sourceLeft[token] -= sent;
            pushed += sent;
        }
        return pushed;
    }

    /// <summary>Sends up to <paramref name="limit"/> on from a node, first down, then back up where an earlier way came down.</summary>
    private float Push(int level, int token, float limit)
    {
        if (level == 0) return token == sink ? limit : 0;
        var (node, sent) = (level * tokens + token, 0f);
        for (; next[node] < 2 * tokens; next[node]++)
        {
            var other = next[node] % tokens;
            var down = next[node] < tokens;
            if (!down && level == top) break;
            var target = (down ? level - 1 : level + 1) * tokens + other;
            if (distance[target] != distance[node] - 1) continue;
            var (layer, edge) = down ? (level - 1, token * tokens + other) : (level, other * tokens + token);
            var room = down ? left[layer][edge] : capacities[layer][edge] - left[layer][edge];
            if (room <= Dust) continue;
            var passed = Push(down ? level - 1 : level + 1, other, MathF.Min(limit - sent, room));
            if (passed <= 0) continue;
            if (left[layer][edge] == capacities[layer][edge]) used.Add((layer, edge));
            left[layer][edge] -= down ? passed : -passed;
            sent += passed;
            // The edge may have room for more: it is looked at again when the node is next reached.
            if (limit - sent <= Dust) return sent;
        }
        return sent;
    }

    /// <summary>Breadth first from the sink, against the edges that have room. False where the source is not reached any more.</summary>
    private bool MeasureDistances()
    {
        Array.Fill(distance, Unreached);
        distance[sink] = 0;
        var open = new Queue<int>([sink]);
        while (open.TryDequeue(out var node))
        {
            var (level, token) = (node / tokens, node % tokens);
            for (var other = 0; other < tokens; other++)
            {
                // From above through an edge that is not full, from below through one that carries flow.
                if (level < top) Reach((level + 1) * tokens + other, left[level][other * tokens + token], node, open);
                if (level > 1) Reach((level - 1) * tokens + other,
                    capacities[level - 1][token * tokens + other] - left[level - 1][token * tokens + other], node, open);
            }
        }
        for (var token = 0; token < tokens; token++)
        {
            if (sourceLeft[token] > Dust && distance[top * tokens + token] != Unreached) return true;
        }
        return false;
    }

    private void Reach(int node, float room, int from, Queue<int> open)
    {
        if (room <= Dust || distance[node] != Unreached) return;
        distance[node] = distance[from] + 1;
        open.Enqueue(node);
    }

    private void Restore()
    {
        foreach (var (layer, edge) in used) left[layer][edge] = capacities[layer][edge];
        used.Clear();
    }
}
