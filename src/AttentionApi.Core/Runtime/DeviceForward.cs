using System.Globalization;
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
        using var pixels = memory.Pinned(tower.InputType, [count, .. tower.InputShape[1..]]);
        for (var i = 0; i < count; i++) Tensors.CopyFrom(pictures[i].Pixels, pixels, i * pictures[i].Pixels.Length);
        using RunOutputs wanted = new(count), embeddings = new(count);
        var answers = tower.Output is null ? null : wanted.Add([Float(DeviceOutputs.Answer, tower.Output.Count)]);
        var attention = parts.HasFlag(ActivationParts.MeanAttention) ? wanted.Add([Float(DeviceOutputs.Attention, Rows * tower.Tokens)]) : null;
        // The read-out would hide an infinite state.
        var lengths = (parts & (ActivationParts.TokenNorms | ActivationParts.ReadOut)) != 0 ? wanted.Add([Float(DeviceOutputs.Lengths, Rows)]) : null;
        var read = readOut is null ? null : embeddings.Add([Float(DeviceOutputs.States, Rows, readOut.Width)]);
        thread.Run(() => ModelRunException.Guard(() =>
        {
            using var passage = CaptureGate.Pass();
            Upload(pixels, count);
            if (recording is not null) Replay(Sizes.First(size => size >= count));
            else run([tower.InputName], [Of(count).Pixels], outputNames, Of(count).Outputs);
            Collect(count, wanted, withStates: readOut is not null);
            if (readOut is null) return;
            using var hidden = DeviceMemory.View(states, readOut.InputType, [(long)count * Rows, readOut.HiddenWidth]);
            readOut.Read(hidden, embeddings.Values.Single());
        }));
        wanted.Take();
        embeddings.Take();
        return [.. Enumerable.Range(0, count).Select(picture => new Activations
        {
            Layers = tower.Layers.Count, Heads = tower.Heads, Tokens = tower.Tokens, Output = answers?[picture] ?? [],
            MeanAttention = attention?[picture],
            TokenNorms = parts.HasFlag(ActivationParts.TokenNorms) ? lengths![picture] : null,
            ReadOut = read is null ? null : ForwardPass.IsFinite(lengths![picture]) ? ForwardPass.Finished(tower, read[picture]) : [float.NaN],
        })];
    }

    /// <summary>Tokens of all layers.</summary>
    private int Rows => tower.Layers.Count * tower.Tokens;

    /// <summary>A part for one picture. It comes to ordinary memory: outputs of a GPU in page-locked memory are refused by ONNX Runtime 1.31 ("dst_data !=
    /// src_data").</summary>
    private static TensorInfo Float(string name, params long[] shape) => new(name, TensorElementType.Float, shape is [var length] ? [1, length] : shape);

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

    private void Collect(int count, RunOutputs wanted, bool withStates)
    {
        using var rows = OrtValue.CreateTensorValueFromMemory(new long[] { count, -1 }, [2]);
        using var hidden = withStates ? DeviceMemory.View(states, tower.Layers[^1].HiddenState.ElementType,
            [count, (long)tower.Layers.Count * tower.Layers[^1].HiddenState.Count]) : null;
        var (names, values) = hidden is null ? (wanted.Names, wanted.Values) : ([.. wanted.Names, DeviceOutputs.States], [.. wanted.Values, hidden]);
        if (names.Count == 0) return;
        using var options = new RunOptions();
        collect.Run(options, collected, [rows, .. Of(count).Outputs], names, values);
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
    IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs,
    IReadOnlyCollection<string> outputNames, IReadOnlyCollection<OrtValue> outputs);
