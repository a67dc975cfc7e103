using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Gradients;

/// <summary>A backward graph ready to run; several labels are one run.</summary>
/// <param name="pool">Its sessions.</param>
/// <param name="inputs">Names of its inputs without the seed: forward values.</param>
/// <param name="outputs">What it gives: arrays with the labels first, or one for all labels.</param>
internal sealed class GradientSession(SessionPool pool, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs) : IAsyncDisposable
{
    /// <summary>Labels of one run: enough to read the weights once for several, few enough to bound the memory of their gradients.</summary>
    public const int MostLabels = 8;

    public IReadOnlyList<string> Inputs => inputs;
    public IReadOnlyList<string> Outputs => outputs;

    /// <summary>Each label's arrays, in the order of the outputs.</summary>
    /// <param name="values">Forward values by name; those that the graph reads are fed.</param>
    /// <param name="seeds">By label, each as wide as the answer.</param>
    public async Task<float[][][]> RunAsync(IReadOnlyDictionary<string, OrtValue> values, IReadOnlyList<float[]> seeds, CancellationToken cancellation)
    {
        var results = new List<float[][]>(seeds.Count);
        foreach (var labels in seeds.Chunk(MostLabels))
        {
            using var lease = await pool.RentAsync(cancellation).ConfigureAwait(false);
            results.AddRange(Run(lease, values, labels, cancellation));
        }
        GC.KeepAlive(values);
        return [.. results];
    }

    private IEnumerable<float[][]> Run(SessionPool.Lease lease, IReadOnlyDictionary<string, OrtValue> values, float[][] labels, CancellationToken cancellation)
    {
        using var seed = OrtValue.CreateTensorValueFromMemory(Tensors.Concat(labels), [labels.Length, labels[0].Length]);
        var given = lease.Run([GradientGraph.Seed, .. inputs], [seed, .. inputs.Select(input => values[input])], outputs, cancellation);
        try
        {
            var arrays = given.Select(Tensors.ToFloats).ToArray();
            return [.. labels.Select((_, label) =>
                arrays.Zip(outputs, (array, output) => GradientGraph.IsShared(output) ? array : Part(array, label, labels.Length)).ToArray())];
        }
        finally
        {
            foreach (var value in given) value.Dispose();
        }
    }

    private static float[] Part(float[] array, int label, int labels)
    {
        var size = array.Length / labels;
        return labels == 1 ? array : array.AsSpan(label * size, size).ToArray();
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();
}
