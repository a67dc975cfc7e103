using AttentionApi.Core.Analysis.Kernels;

namespace AttentionApi.Tests.Explain;

/// <summary>Maximum flows through attention against references, a plain search, and the bounds that no flow can pass.</summary>
public class AttentionFlowTests(ITestOutputHelper output)
{
    [Theory, InlineData("vit"), InlineData("clip"), InlineData("deit_distilled"), InlineData("dinov2"), InlineData("dinov2_registers"), InlineData("dinov3"),
        InlineData("beit"), InlineData("timm_vit"), InlineData("open_clip")]
    public void Flows_equal_their_references(string family)
    {
        var (expected, methods) = (ReferenceArrays.Expected(family), ReferenceArrays.Methods(family));
        var layout = References.Layout(expected);
        var source = new float[layout.Count];
        source[0] = 1;
        var flow = AttentionFlow.ToTokens(References.Capacities(expected), source, layout.PrefixTokens, layout.Grid.Count,
            TestContext.Current.CancellationToken);

        var raw = methods.Floats("attention_flow_raw");
        var error = ReferenceArrays.LargestDifference(raw, flow.Values) / raw.Max();
        output.WriteLine($"{family}: {error:g2} of the maximum, bound met by {flow.TightShare:p0}");
        Assert.True(error <= 1e-4, $"{error:g3} of the maximum");
        var sum = flow.Values.Sum();
        Assert.True(ReferenceArrays.LargestDifference(methods.Floats("attention_flow"),
            [.. flow.Values.Select(value => value / sum)]) <= 1e-4 * methods.Floats("attention_flow").Max());
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(5)]
    public void A_flow_equals_that_of_a_plain_search_and_stays_within_its_bound(int depth)
    {
        const int tokens = 7;
        for (var seed = 0; seed < 20; seed++)
        {
            var layers = RandomCapacities(depth, tokens, seed);
            var source = new float[tokens];
            source[seed % tokens] = 1;
            if (seed % 3 == 0) Array.Fill(source, 1f / tokens);
            var flow = AttentionFlow.ToTokens(layers, source, 1, tokens - 1, TestContext.Current.CancellationToken);
            for (var sink = 1; sink < tokens; sink++)
            {
                Assert.Equal(PlainSearch(layers, source, sink), flow.Values[sink - 1], 1e-5);
                Assert.InRange(flow.Values[sink - 1], 0, flow.Bounds[sink - 1]);
            }
        }
    }

    [Fact]
    public void Through_one_layer_the_flow_is_the_attention_itself()
    {
        var layer = RandomCapacities(1, 6, 3)[0];
        float[] source = [0, 1, 0, 0, 0, 0];
        var flow = AttentionFlow.ToTokens([layer], source, 0, 6, TestContext.Current.CancellationToken);
        Assert.True(ReferenceArrays.LargestDifference(layer.AsSpan(6, 6), flow.Values) <= 1e-7);
    }

    /// <summary>Some rows look at few tokens only, so that edges are full and missing.</summary>
    private static List<float[]> RandomCapacities(int depth, int tokens, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, depth).Select(_ =>
        {
            var layer = Enumerable.Range(0, tokens * tokens).Select(_ => random.Next(3) == 0 ? 0 : MathF.Pow(random.NextSingle(), 4)).ToArray();
            for (var row = 0; row < tokens; row++)
            {
                layer[row * tokens + row] += 0.01f;
                var sum = layer.Skip(row * tokens).Take(tokens).Sum();
                for (var column = 0; column < tokens; column++) layer[row * tokens + column] /= sum;
            }
            return layer;
        })];
    }

    /// <summary>Edmonds and Karp's search on a matrix of all nodes.</summary>
    private static double PlainSearch(List<float[]> layers, float[] source, int sink)
    {
        var tokens = source.Length;
        var start = (layers.Count + 1) * tokens;
        var room = new double[start + 1, start + 1];
        for (var token = 0; token < tokens; token++) room[start, layers.Count * tokens + token] = source[token];
        for (var l = 0; l < layers.Count; l++)
        {
            for (var edge = 0; edge < tokens * tokens; edge++) room[(l + 1) * tokens + edge / tokens, l * tokens + edge % tokens] = layers[l][edge];
        }
        double flow = 0;
        while (true)
        {
            var before = new int[start + 1];
            Array.Fill(before, -1);
            before[start] = start;
            var open = new Queue<int>([start]);
            while (open.TryDequeue(out var node))
            {
                for (var next = 0; next <= start; next++)
                {
                    if (before[next] >= 0 || room[node, next] <= 1e-12) continue;
                    before[next] = node;
                    open.Enqueue(next);
                }
            }
            if (before[sink] < 0) return flow;
            var least = double.MaxValue;
            for (var node = sink; node != start; node = before[node]) least = Math.Min(least, room[before[node], node]);
            for (var node = sink; node != start; node = before[node])
            {
                room[before[node], node] -= least;
                room[node, before[node]] += least;
            }
            flow += least;
        }
    }
}
