using System.Numerics.Tensors;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// One run of the vision tower, and the read-out where it is asked for. What is not asked for is not copied out of the session (its nodes run anyway).
/// Waiting callers are batched where the tower allows it; see <see cref="PictureBatches"/>.
/// </summary>
internal sealed class ForwardPass : IAsyncDisposable
{
    private readonly string id;
    private readonly VisionTower native;
    private readonly SessionPool pool;
    private readonly PictureBatches batches;
    private readonly IReadOnlyList<DeviceForward> onDevices;

    /// <param name="id">Of the model.</param>
    /// <param name="tower">Its vision tower.</param>
    /// <param name="pool">The tower's sessions, from here on owned.</param>
    /// <param name="onDevices">One on each GPU, from here on owned; null: none.</param>
    public ForwardPass(string id, VisionTower tower, SessionPool pool, IReadOnlyList<DeviceForward>? onDevices = null)
    {
        (this.id, native, this.pool, this.onDevices) = (id, tower, pool, onDevices ?? []);
        batches = new(pool, picture => TowerFor(picture).LargestBatch, tower.Batches.SideBySide, Run);
    }

    /// <summary>Runs that one caller with many pictures keeps going: as many as fit at once, and the next batch.</summary>
    public int RunsAhead =>
        native.Batches.SideBySide ? pool.Sessions * pool.RunsPerSession * native.LargestBatch : pool.Sessions * pool.RunsPerSession + native.LargestBatch;

    public async Task<Activations> RunAsync(ModelInput picture, ActivationParts parts, StageTimings timings, CancellationToken cancellation)
    {
        if ((parts & ~native.BatchedParts) == 0) return Checked(await batches.RunAsync(picture, parts, timings, cancellation).ConfigureAwait(false));
        SessionPool.Lease lease;
        using (timings.Measure(Stages.Queue)) lease = await pool.RentAsync(cancellation).ConfigureAwait(false);
        using (lease)
        using (timings.Measure(Stages.Inference))
        {
            return Checked(Run(lease, [picture], parts, cancellation)[0]);
        }
    }

    /// <summary>One run of every session: with several GPUs, one that works says nothing of the others.</summary>
    /// <exception cref="ModelRunException">A run failed.</exception>
    public async Task CheckAsync(ModelInput picture, CancellationToken cancellation)
    {
        for (var place = 0; place < pool.Sessions; place++)
        {
            using var lease = await pool.RentAsync(cancellation, place: place).ConfigureAwait(false);
            Checked(Run(lease, [picture], ActivationParts.Output, cancellation)[0]);
        }
    }

    /// <summary>Runs the auxiliary sessions on the outputs of a run. Takes a slot, as a run does.</summary>
    public async Task<T> UseAsync<T>(Func<VisionTower, T> work, StageTimings timings, CancellationToken cancellation)
    {
        SessionPool.Lease lease;
        using (timings.Measure(Stages.Queue)) lease = await pool.RentAsync(cancellation).ConfigureAwait(false);
        using (lease)
        using (timings.Measure(Stages.Inference))
        {
            cancellation.ThrowIfCancellationRequested();
            return ModelRunException.Guard(() => work(native.On(lease.Place)));
        }
    }

    /// <summary>The tower's inputs for one picture; the caller disposes of them.</summary>
    public Dictionary<string, OrtValue> Feed(ModelInput picture) =>
        new() { [native.InputName] = Tensors.FromFloats(picture.Pixels, TowerFor(picture).InputShape, native.InputType) };

    /// <summary>Activations that hold the answer alone, checked.</summary>
    /// <param name="answer">Class logits, or the embedding at unit length.</param>
    public Activations OfAnswer(float[] answer)
    {
        ThrowIfNotFinite(answer);
        return new() { Layers = native.Layers.Count, Heads = native.Heads, Tokens = native.Tokens, Output = answer };
    }

    private VisionTower TowerFor(ModelInput picture) => native.At(new(picture.Width, picture.Height));

    /// <summary>One run on pictures of one size that ask for the same parts; the results are neither normalised nor checked.</summary>
    private Activations[] Run(SessionPool.Lease lease, IReadOnlyList<ModelInput> pictures, ActivationParts parts, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (onDevices.Count > 0 && onDevices[lease.Place % onDevices.Count] is var onDevice && onDevice.Takes(pictures, parts))
        {
            return onDevice.Run(pictures, parts,
                (inputNames, inputs, outputNames, outputs) => lease.Run(inputNames, inputs, outputNames, outputs, cancellation));
        }
        var tower = TowerFor(pictures[0]).On(lease.Place);
        using var outputs = new RunOutputs(pictures.Count);
        var output = tower.Output is { } answer ? outputs.Add([answer]) : null;
        var arrays = PartOutputs.Add(tower, parts, outputs);
        var hidden = parts.HasFlag(ActivationParts.ReadOut) && tower.ReadOut is not null
            ? outputs.Add([.. tower.Layers.Select(layer => layer.HiddenState)]) : null;
        // A tower without an answer of its own still needs an output to run.
        if (outputs.Names.Count == 0) arrays = PartOutputs.Add(tower, ActivationParts.MeanAttention, outputs);

        var pixels = pictures is [var only] ? only.Pixels : Tensors.Concat([.. pictures.Select(picture => picture.Pixels)]);
        using var input = Tensors.FromFloats(pixels, [pictures.Count, .. tower.InputShape[1..]], tower.InputType);
        lease.Run([tower.InputName], [input], outputs.Names, outputs.Values, cancellation);
        outputs.Take();
        return [.. Enumerable.Range(0, pictures.Count).Select(picture =>
        {
            var activations = new Activations
            {
                Layers = tower.Layers.Count, Heads = tower.Heads, Tokens = tower.Tokens, Output = output?[picture] ?? [],
                ReadOut = hidden is null ? null : ReadLayers(tower, hidden[picture], cancellation),
            };
            return arrays.Aggregate(activations, (known, part) => known.With(part.Key, part.Value[picture]));
        })];
    }

    /// <summary>[layer, token, D] hidden states to [layer, token, E]: unit embeddings, or class logits.</summary>
    private static float[] ReadLayers(VisionTower tower, float[] hidden, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // The read-out would hide an infinite state. What is not finite is refused with the answer, because those that ran with this picture have their own.
        if (!IsFinite(hidden)) return [float.NaN];
        return Finished(tower, tower.ReadOut!.ReadRows(hidden));
    }

    /// <summary>What the read-out gave, [row, E], as answers have it: embeddings at unit length.</summary>
    internal static float[] Finished(VisionTower tower, float[] read)
    {
        if (tower.OutputKind != VisionOutputKind.ImageEmbedding) return read;
        var width = tower.ReadOut!.Width;
        for (var at = 0; at < read.Length; at += width) Normalise(read.AsSpan(at, width));
        return read;
    }

    private Activations Checked(Activations activations)
    {
        if (native.OutputKind == VisionOutputKind.ImageEmbedding) Normalise(activations.Output);
        ThrowIfNotFinite([.. activations.Arrays]);
        return activations;
    }

    private void ThrowIfNotFinite(params ReadOnlySpan<float[]?> arrays)
    {
        foreach (var array in arrays)
        {
            if (array is not null && !IsFinite(array))
            {
                throw new ModelRefusedException($"The model '{id}' gives numbers that are not finite for this picture; "
                    + $"its weights are damaged or overflow in {native.InputType} arithmetic.");
            }
        }
    }

    /// <summary>A sum is finite only if every summand is.</summary>
    internal static bool IsFinite(float[] array) => float.IsFinite(TensorPrimitives.Sum<float>(array));

    internal static void Normalise(Span<float> embedding)
    {
        var norm = TensorPrimitives.Norm<float>(embedding);
        if (norm > 0) TensorPrimitives.Divide(embedding, norm, embedding);
    }

    /// <summary>Waits for runs in flight, then frees the sessions; those beside the main one run inside leases of its pool, so they are idle by then.</summary>
    public async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync().ConfigureAwait(false);
        foreach (var onDevice in onDevices) onDevice.Dispose();
        native.DisposeParts();
    }
}
