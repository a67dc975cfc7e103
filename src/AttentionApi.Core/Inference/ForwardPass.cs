using System.Numerics.Tensors;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Inference;

/// <summary>
/// One run of the vision tower, and the read-out where it is asked for. Outputs are written by ONNX Runtime straight into the arrays that the answer keeps;
/// what is not asked for is not copied out of the session (its nodes run all the same).
/// </summary>
internal sealed class ForwardPass(string id, VisionTower tower, SessionPool pool) : IAsyncDisposable
{
    public async Task<Activations> RunAsync(ModelInput picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation)
    {
        SessionPool.Lease lease;
        using (timings.Measure("queue")) lease = await pool.RentAsync(cancellation).ConfigureAwait(false);
        using (lease)
        using (timings.Measure("inference"))
        {
            return Run(lease, picture, parts, cancellation);
        }
    }

    private Activations Run(SessionPool.Lease lease, ModelInput picture, ActivationParts parts, CancellationToken cancellation)
    {
        using var outputs = new OutputArrays();
        var output = tower.Output is { } answer ? outputs.Add([answer]) : [];
        var mean = parts.HasFlag(ActivationParts.MeanAttention) ? outputs.Add([.. tower.Layers.Select(layer => layer.MeanAttention)]) : null;
        var heads = parts.HasFlag(ActivationParts.HeadAttention) ? outputs.Add([.. tower.Layers.Select(layer => layer.HeadAttention)]) : null;
        var hidden = parts.HasFlag(ActivationParts.Readout) && tower.ReadOut is not null ? outputs.Add([.. tower.Layers.Select(layer => layer.HiddenState)]) : null;
        // A tower that answers nothing of its own still needs an output to run for.
        if (outputs.Names.Count == 0) mean = outputs.Add([.. tower.Layers.Select(layer => layer.MeanAttention)]);

        using var input = Tensors.FromFloats(picture.Pixels, tower.InputShape, tower.InputType);
        lease.Run([tower.InputName], [input], outputs.Names, outputs.Values, cancellation);
        outputs.Convert();

        if (tower.OutputKind == VisionOutputKind.ImageEmbedding) Normalise(output);
        RefuseNonFinite(output, mean, heads, hidden);
        return new Activations
        {
            Layers = tower.Layers.Count,
            Heads = tower.Heads,
            Tokens = tower.Tokens,
            MeanAttention = mean,
            HeadAttention = heads,
            Readout = hidden is null ? null : ReadLayers(hidden, cancellation),
            Output = output,
        };
    }

    /// <summary>[layer, token, D] hidden states to [layer, token, E]: unit embeddings, or class logits.</summary>
    private float[] ReadLayers(float[] hidden, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var readOut = tower.ReadOut!;
        var (rows, width) = (tower.Layers.Count * tower.Tokens, readOut.Width);
        var read = GC.AllocateUninitializedArray<float>(rows * width);
        using (var states = Tensors.FromFloats(hidden, [rows, readOut.HiddenWidth], readOut.InputType)) readOut.Read(states, read);
        if (tower.OutputKind != VisionOutputKind.ImageEmbedding) return read;
        for (var row = 0; row < rows; row++) Normalise(read.AsSpan(row * width, width));
        return read;
    }

    /// <summary>Waits for runs in flight, then frees the sessions; the read-out runs inside leases of the pool, so it is idle by then.</summary>
    public async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync().ConfigureAwait(false);
        tower.ReadOut?.Dispose();
    }

    internal static void Normalise(Span<float> embedding)
    {
        var norm = TensorPrimitives.Norm<float>(embedding);
        if (norm > 0) TensorPrimitives.Divide(embedding, norm, embedding);
    }

    /// <summary>A sum is finite only where every summand is.</summary>
    private void RefuseNonFinite(params ReadOnlySpan<float[]?> arrays)
    {
        foreach (var array in arrays)
        {
            if (array is not null && !float.IsFinite(TensorPrimitives.Sum<float>(array)))
            {
                throw new ModelRefusedException($"The model '{id}' gives numbers that are not finite for this picture; its weights are damaged or overflow in {tower.InputType} arithmetic.");
            }
        }
    }

    /// <summary>The outputs of one run: arrays that hold several tensors one after another, and ONNX Runtime's view of each tensor's part.</summary>
    private sealed class OutputArrays : IDisposable
    {
        private readonly List<Action> conversions = [];

        public List<string> Names { get; } = [];
        public List<OrtValue> Values { get; } = [];

        /// <summary>One array for all of <paramref name="tensors"/>, in their order.</summary>
        public float[] Add(IReadOnlyList<TensorInfo> tensors)
        {
            var array = GC.AllocateUninitializedArray<float>(tensors.Sum(tensor => tensor.Count));
            var offset = 0;
            foreach (var tensor in tensors)
            {
                var part = array.AsMemory(offset, tensor.Count);
                Names.Add(tensor.Name);
                Values.Add(tensor.ElementType == TensorElementType.Float ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, part, tensor.Shape) : Halves(tensor, part));
                offset += tensor.Count;
            }
            return array;
        }

        private OrtValue Halves(TensorInfo tensor, Memory<float> part)
        {
            var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.ElementType, tensor.Shape);
            conversions.Add(() => Tensors.CopyTo(value, part.Span));
            return value;
        }

        /// <summary>Half-precision outputs into their float32 arrays.</summary>
        public void Convert() => conversions.ForEach(convert => convert());

        public void Dispose() => Values.ForEach(value => value.Dispose());
    }
}
