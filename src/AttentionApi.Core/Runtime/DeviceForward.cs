using System.Globalization;
using System.Numerics.Tensors;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// The forward pass of a vision tower on a GPU. Inputs and outputs stay at fixed addresses there; pictures come, and results go, in one copy each for all
/// pictures of a run. Where the model can be recorded as CUDA graphs, the launches of some hundred kernels are replayed as one. Runs wait for each other, but
/// the next run's pictures are made ready meanwhile. Safe for concurrent callers.
/// </summary>
internal sealed class DeviceForward : IDisposable
{
    /// <summary>What it gives beside the answer.</summary>
    public const ActivationParts Parts = ActivationParts.MeanAttention | ActivationParts.TokenNorms | ActivationParts.ReadOut;

    /// <summary>Memory on the GPU for inputs and outputs.</summary>
    private const long MostBytes = 1 << 30;

    /// <summary>Pictures of a run that is recorded; a run of another number takes the next larger one, whose other pictures are what lies there.</summary>
    private static readonly int[] Recorded = [1, 2, 4, 8, 12, 16, 24, 32];

    private readonly VisionTower tower;
    private readonly InferenceSession? recording;
    private readonly InferenceSession upload, collect;
    private readonly DeviceMemory memory;
    private readonly SessionThread thread;
    private readonly IReadOnlyList<TensorInfo> outputs;
    private readonly string[] outputNames, collected;
    private readonly OrtMemoryAllocation input, states;
    private readonly OrtMemoryAllocation[] blocks;

    /// <summary>What there is to dispose of, in the order in which it was made.</summary>
    private readonly Stack<IDisposable> owned = new();

    /// <summary>Views of the first pictures, by their number; used by the thread alone.</summary>
    private readonly Dictionary<int, Views> views = [];

    /// <param name="tower">The tower, on the GPU of <paramref name="place"/>.</param>
    /// <param name="recording">A session of the tower's model that records CUDA graphs, from here on owned; null: runs are those of the pool's session.</param>
    /// <param name="factory">Makes the sessions beside it.</param>
    /// <param name="place">Which of the pool's sessions it stands beside.</param>
    /// <exception cref="OnnxRuntimeException">The graphs cannot be recorded.</exception>
    public DeviceForward(VisionTower tower, InferenceSession? recording, SessionFactory factory, int place)
    {
        (this.tower, this.recording, outputs) = (tower, recording is null ? null : Own(recording), OutputsOf(tower));
        outputNames = [.. outputs.Select(output => output.Name)];
        collected = [DeviceOutputs.Rows, .. Enumerable.Range(0, outputs.Count).Select(DeviceOutputs.Input)];
        try
        {
            upload = Own(factory.Create(DeviceOutputs.Upload(tower.InputType), place));
            collect = Own(factory.Create(DeviceOutputs.Collect(tower), place));
            memory = Own(factory.MemoryOf(collect, place));
            var (inputBytes, stateBytes) = (Tensors.Bytes(tower.InputType, tower.InputShape), tower.Layers.Sum(layer => Tensors.Bytes(layer.HiddenState)));
            Most = (int)Math.Clamp(MostBytes / (inputBytes + outputs.Sum(Tensors.Bytes) + stateBytes), 1, tower.LargestBatch);
            Sizes = recording is null ? [.. Enumerable.Range(1, Most)] : [.. Recorded.Where(size => size < Most), Most];
            input = Own(memory.Block(Most * inputBytes));
            blocks = [.. outputs.Select(output => Own(memory.Block(Most * Tensors.Bytes(output))))];
            states = Own(memory.Block(Most * stateBytes));
            thread = Own(new SessionThread($"GPU, {place}"));
            if (recording is not null) foreach (var size in Sizes) thread.Run(() => Record(size));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private T Own<T>(T resource) where T : IDisposable
    {
        owned.Push(resource);
        return resource;
    }

    /// <summary>Pictures of a run at most.</summary>
    public int Most { get; }

    /// <summary>Pictures that runs have, ascending.</summary>
    internal IReadOnlyList<int> Sizes { get; }

    /// <summary>What the tower gives for a run: the answer, each layer's mean attention, each layer's hidden states.</summary>
    public static IReadOnlyList<TensorInfo> OutputsOf(VisionTower tower) =>
        [.. tower.Output is { } answer ? [answer] : Array.Empty<TensorInfo>(), .. PartOutputs.TensorsOf(tower, ActivationParts.MeanAttention),
            .. PartOutputs.TensorsOf(tower, ActivationParts.TokenNorms)];

    public bool Takes(IReadOnlyList<ModelInput> pictures, ActivationParts parts) =>
        pictures.Count <= Most && (parts & ~Parts) == 0 && tower.ImageSize == new PixelSize(pictures[0].Width, pictures[0].Height);

    /// <summary>One run on pictures of the tower's size; the answer is as the model gives it.</summary>
    /// <param name="pictures">At most <see cref="Most"/>.</param>
    /// <param name="parts">Of <see cref="Parts"/>.</param>
    /// <param name="run">A run of the pool's session, for models that are not recorded.</param>
    /// <exception cref="ModelRunException">The run failed.</exception>
    public Activations[] Run(IReadOnlyList<ModelInput> pictures, ActivationParts parts, TowerRun run)
    {
        var (count, readOut) = (pictures.Count, parts.HasFlag(ActivationParts.ReadOut) ? tower.ReadOut : null);
        var rows = tower.Layers.Count * tower.Tokens;
        using var pixels = memory.Pinned(tower.InputType, [count, .. tower.InputShape[1..]]);
        for (var i = 0; i < count; i++) Tensors.CopyFrom(pictures[i].Pixels, pixels, i * pictures[i].Pixels.Length);
        // ONNX Runtime 1.31 refuses outputs of a GPU in page-locked memory ("dst_data != src_data").
        using var packed = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float,
            [count, AnswerCount + rows * tower.Tokens + rows]);
        using var read = readOut is null ? null
            : OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [(long)count * rows, readOut.Width]);
        thread.Run(() => ModelRunException.Guard(() =>
        {
            using var passage = CaptureGate.Pass();
            Upload(pixels, count);
            if (recording is not null) Replay(Sizes.First(size => size >= count));
            else run([tower.InputName], [Of(count).Pixels], outputNames, Of(count).Outputs);
            Collect(count, packed, withStates: read is not null);
            if (read is null) return;
            using var hidden = DeviceMemory.View(states, readOut!.InputType, [(long)count * rows, readOut.HiddenWidth]);
            readOut.Read(hidden, read);
        }));
        return [.. Enumerable.Range(0, count).Select(picture => Split(picture, parts, packed, read))];
    }

    private int AnswerCount => tower.Output?.Count ?? 0;

    private Activations Split(int picture, ActivationParts parts, OrtValue packed, OrtValue? read)
    {
        var rows = tower.Layers.Count * tower.Tokens;
        var (attention, width) = (rows * tower.Tokens, AnswerCount + rows * tower.Tokens + rows);
        var values = packed.GetTensorDataAsSpan<float>().Slice(picture * width, width);
        var norms = values[^rows..];
        return new Activations
        {
            Layers = tower.Layers.Count, Heads = tower.Heads, Tokens = tower.Tokens,
            Output = values[..AnswerCount].ToArray(),
            MeanAttention = parts.HasFlag(ActivationParts.MeanAttention) ? values.Slice(AnswerCount, attention).ToArray() : null,
            TokenNorms = parts.HasFlag(ActivationParts.TokenNorms) ? norms.ToArray() : null,
            // The read-out would hide an infinite state.
            ReadOut = read is null ? null : !float.IsFinite(TensorPrimitives.Sum(norms)) ? [float.NaN] : ForwardPass.Finished(tower,
                read.GetTensorDataAsSpan<float>().Slice(picture * rows * tower.ReadOut!.Width, rows * tower.ReadOut.Width).ToArray()),
        };
    }

    private void Record(int size)
    {
        using var passage = CaptureGate.PassAlone();
        Replay(size);
    }

    private void Upload(OrtValue pixels, int count)
    {
        using var target = DeviceMemory.View(input, tower.InputType, [count, .. tower.InputShape[1..]]);
        using var options = new RunOptions();
        upload.Run(options, [DeviceOutputs.Pixels], [pixels], [DeviceOutputs.Uploaded], [target]);
    }

    /// <summary>The first run of a size records it.</summary>
    private void Replay(int size)
    {
        var (pixels, results) = Of(size);
        using var options = new RunOptions();
        options.AddRunConfigEntry("gpu_graph_id", size.ToString(CultureInfo.InvariantCulture));
        recording!.Run(options, [tower.InputName], [pixels], outputNames, results);
    }

    private void Collect(int count, OrtValue packed, bool withStates)
    {
        using var rows = OrtValue.CreateTensorValueFromMemory(new long[] { count, -1 }, [2]);
        using var hidden = withStates ? DeviceMemory.View(states, tower.Layers[^1].HiddenState.ElementType,
            [count, (long)tower.Layers.Count * tower.Layers[^1].HiddenState.Count]) : null;
        using var options = new RunOptions();
        collect.Run(options, collected, [rows, .. Of(count).Outputs],
            hidden is null ? [DeviceOutputs.Packed] : [DeviceOutputs.Packed, DeviceOutputs.States], hidden is null ? [packed] : [packed, hidden]);
    }

    private Views Of(int count)
    {
        if (views.TryGetValue(count, out var known)) return known;
        return views[count] = new(DeviceMemory.View(input, tower.InputType, [count, .. tower.InputShape[1..]]),
            [.. outputs.Zip(blocks, (output, block) => DeviceMemory.View(block, output.ElementType, [count * output.Shape[0], .. output.Shape[1..]]))]);
    }

    /// <summary>Only when no run is going on.</summary>
    public void Dispose()
    {
        foreach (var value in views.Values.SelectMany(view => view.Outputs.Prepend(view.Pixels))) value.Dispose();
        while (owned.TryPop(out var resource)) resource.Dispose();
    }

    private sealed record Views(OrtValue Pixels, OrtValue[] Outputs);
}

/// <summary>Runs a tower's session into outputs that have their memory.</summary>
internal delegate void TowerRun(
    IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs, IReadOnlyCollection<string> outputNames, IReadOnlyCollection<OrtValue> outputs);
