using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Loading;

/// <summary>
/// Gives a tower's forward pass fixed memory on each GPU and records it there; takes each only where it gives what the tower's own session gives.
/// </summary>
internal static class DeviceForwardLoader
{
    /// <returns>One for each GPU; none on a processor, and where it does not work: the log says why.</returns>
    public static IReadOnlyList<DeviceForward> Open(VisionTower tower, SessionFactory factory)
    {
        if (!factory.HasDeviceMemory || tower.Layers.Count == 0 || !DeviceForward.OutputsOf(tower).All(IsRead)) return [];
        var name = Path.GetFileName(tower.Model.SourcePath);
        var recorded = factory.RecordsGraphs ? Try(tower, factory, records: true,
            cause => RuntimeLog.Note(LogLevel.Information, $"{name} is not recorded as CUDA graphs and runs kernel by kernel: {cause}")) : [];
        return recorded.Count > 0 ? recorded : Try(tower, factory, records: false,
            cause => RuntimeLog.Note(LogLevel.Warning, $"{name} runs without fixed memory on the GPU: {cause}"));
    }

    private static List<DeviceForward> Try(VisionTower tower, SessionFactory factory, bool records, Action<string> note)
    {
        var opened = new List<DeviceForward>();
        try
        {
            for (var place = 0; place < factory.Devices; place++)
            {
                opened.Add(new DeviceForward(tower.On(place), records ? factory.CreateRecording(tower.Model, place) : null, factory, place));
                ThrowIfDifferent(tower, opened[^1]);
            }
            return opened;
        }
        catch (Exception cause)
        {
            opened.ForEach(onDevice => onDevice.Dispose());
            if (cause is not (OnnxRuntimeException or ModelRunException or NotSupportedException)) throw;
            note(OrtErrors.OneLine(cause.Message));
            return [];
        }
    }

    private static bool IsRead(TensorInfo output) => output.ElementType is TensorElementType.Float or TensorElementType.Float16;

    /// <summary>Other pictures on each run, alone and together, so that a replay that goes on with the recorded ones would show.</summary>
    private static void ThrowIfDifferent(VisionTower tower, DeviceForward onDevice)
    {
        var picture = PlainModel.Picture(new ImageInput(tower.InputName, tower.InputType, tower.ImageSize));
        float[][] pictures = [picture, [.. picture.Select(value => 0.5f * value)], [.. picture.Select(value => -value)]];
        var expected = pictures.Select(pixels => Run(tower, pixels)).ToList();
        foreach (var run in (int[][])[[0], [1], onDevice.Most >= 3 ? [2, 0, 1] : [2]])
        {
            var inputs = run.Select(i => new ModelInput(pictures[i], tower.ImageSize.Width, tower.ImageSize.Height, default)).ToList();
            var given = onDevice.Run(inputs, ActivationParts.MeanAttention | ActivationParts.TokenNorms, (inputNames, values, outputNames, outputs) =>
            {
                using var options = new RunOptions();
                tower.Session.Run(options, inputNames, values, outputNames, outputs);
            });
            for (var i = 0; i < run.Length; i++)
            {
                var (answer, attention) = expected[run[i]];
                if (!BatchProbe.IsClose(answer, given[i].Output) || !BatchProbe.IsClose(attention, given[i].MeanAttention!))
                    throw new NotSupportedException("it gives other numbers than a run of its own");
            }
        }
    }

    private static (float[] Answer, float[] Attention) Run(VisionTower tower, float[] pixels)
    {
        using var outputs = new RunOutputs(1);
        var answer = tower.Output is { } output ? outputs.Add([output])[0] : [];
        var attention = outputs.Add(PartOutputs.TensorsOf(tower, ActivationParts.MeanAttention))[0];
        using var input = Tensors.FromFloats(pixels, tower.InputShape, tower.InputType);
        using var passage = CaptureGate.Pass();
        using var options = new RunOptions();
        tower.Session.Run(options, [tower.InputName], [input], outputs.Names, outputs.Values);
        outputs.Take();
        return (answer, attention);
    }
}
