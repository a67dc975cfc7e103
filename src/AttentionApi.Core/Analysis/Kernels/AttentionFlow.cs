namespace AttentionApi.Core.Analysis.Kernels;

/// <summary>What can flow from the query to each token at the input of the first layer.</summary>
/// <param name="Values">Maximum flow to each sink, 0…1, not normalised.</param>
/// <param name="Bounds">What it cannot pass: everything that leaves the query (1), or everything that enters the sink.</param>
internal sealed record FlowToSinks(float[] Values, float[] Bounds)
{
    /// <summary>Share of the sinks whose flow is as large as its bound: there the flow says no more than the first layer's column sums do.</summary>
    public double TightShare => Values.Zip(Bounds).Count(pair => pair.First >= pair.Second * (1 - 1e-4f)) / (double)Values.Length;
}

/// <summary>
/// Attention flow (Abnar and Zuidema 2020): tokens of every layer are nodes, attention probabilities with the residual are capacities, and a token's value is
/// the maximum flow from the query at the top to it at the bottom. Dinic's algorithm, one search a sink, sinks in parallel; a search ends as soon as it meets
/// the bound.
/// </summary>
internal static class AttentionFlow
{
    /// <param name="layers">Capacities M_a … M_b, first layer first, each [query, key], rows sum to 1.</param>
    /// <param name="source">How the unit that flows is spread over the queries of the last layer, [N], sums to 1.</param>
    /// <param name="firstSink">First token that counts as a sink.</param>
    /// <param name="sinks">How many tokens do.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static FlowToSinks ToTokens(IReadOnlyList<float[]> layers, float[] source, int firstSink, int sinks, CancellationToken cancellation = default)
    {
        var (values, bounds) = (new float[sinks], new float[sinks]);
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, sinks, options, () => new FlowNetwork(layers, source), (sink, _, network) =>
        {
            (values[sink], bounds[sink]) = network.To(firstSink + sink);
            return network;
        }, _ => { });
        return new(values, bounds);
    }
}
