using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Gradients;

/// <summary>The forward pass whose values backward passes read.</summary>
/// <param name="pool">Its sessions.</param>
/// <param name="outputs">By name of the backward graphs' inputs: the output that gives it.</param>
/// <param name="elementTypes">The same: its element type.</param>
/// <param name="answer">The output with the answer.</param>
/// <param name="layers">Layers of the tower.</param>
internal sealed class TapedSession(SessionPool pool, IReadOnlyDictionary<string, string> outputs, IReadOnlyDictionary<string, int> elementTypes, string answer,
    int layers) : IAsyncDisposable
{
    public IReadOnlyDictionary<string, int> ElementTypes => elementTypes;

    /// <param name="feeds">The tower's inputs.</param>
    /// <param name="wanted">Names that backward passes will read.</param>
    public async Task<GradientTape> RunAsync(IReadOnlyDictionary<string, OrtValue> feeds, IReadOnlyCollection<string> wanted, CancellationToken cancellation)
    {
        using var lease = await pool.RentAsync(cancellation).ConfigureAwait(false);
        // Every output once: several inputs may be one tensor, and the answer one of them.
        string[] told = [answer, .. Told(TapedForward.MeanAttention), .. Told(TapedForward.TokenNorms)];
        var names = wanted.Select(name => outputs[name]).Concat(told).Distinct().ToList();
        var values = names.Zip(lease.Run([.. feeds.Keys], [.. feeds.Values], names, cancellation)).ToDictionary(pair => pair.First, pair => pair.Second);
        float[] Stack(Func<int, string> name) => Tensors.Concat([.. Told(name).Select(output => Tensors.ToFloats(values[output]))]);
        return new GradientTape(wanted.ToDictionary(name => name, name => values[outputs[name]]), Tensors.ToFloats(values[answer]))
        {
            MeanAttention = Stack(TapedForward.MeanAttention), TokenNorms = Stack(TapedForward.TokenNorms),
        };
    }

    private IEnumerable<string> Told(Func<int, string> name) => Enumerable.Range(1, layers).Select(layer => outputs[name(layer)]);

    public ValueTask DisposeAsync() => pool.DisposeAsync();
}
