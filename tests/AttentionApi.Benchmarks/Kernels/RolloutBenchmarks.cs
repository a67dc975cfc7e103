using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Tests.Explain;
using BenchmarkDotNet.Attributes;

namespace AttentionApi.Benchmarks.Kernels;

/// <summary>Rollout over the 12 layers of a ViT-B: one row, the row after discarding, the whole matrix.</summary>
[MemoryDiagnoser]
public class RolloutBenchmarks
{
    private static readonly ParameterValues All = KnownActivations.Range(1, 12);
    private readonly Rollout rollout = new();
    private KnownActivations input = null!;

    /// <summary>7: ViT-B/32; 14: ViT-B/16.</summary>
    [Params(7, 14)]
    public int Grid { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var layout = new TokenLayout(1, new PatchGrid(Grid, Grid), 0, HasCls: true);
        var attention = PeakedRows(12 * layout.Count, layout.Count);
        input = new KnownActivations(new Activations { Layers = 12, Heads = 12, Tokens = layout.Count, MeanAttention = attention, Output = [] }, layout);
    }

    [Benchmark]
    public object Row() => input.Explain(rollout, All);

    [Benchmark]
    public object RowAfterDiscard() => input.Explain(rollout, All.With(Rollout.DiscardRatio, 0.9));

    [Benchmark]
    public object CumulativeFrames() => input.Frames(rollout, All, FrameMode.Cumulative);

    [Benchmark]
    public object Matrix() => input.Matrix(All);

    private static float[] PeakedRows(int rows, int width)
    {
        var random = new Random(1);
        var values = new float[rows * width];
        for (var row = 0; row < rows; row++)
        {
            var attention = values.AsSpan(row * width, width);
            foreach (ref var value in attention) value = (float)(3 * random.NextDouble());
            System.Numerics.Tensors.TensorPrimitives.SoftMax(attention, attention);
        }
        return values;
    }
}
