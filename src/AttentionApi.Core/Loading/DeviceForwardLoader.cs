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
        if (!factory.OnGpu || tower.Layers.Count == 0 || !DeviceForward.OutputsOf(tower).All(IsRead)) return [];
        var name = Path.GetFileName(tower.Model.SourcePath);
        var trials = new Lazy<List<Trial>>(() => Trials(tower));
        var recorded = factory.RecordsGraphs ? Try(records: true,
            cause => RuntimeLog.Note(LogLevel.Information, $"{name} is not recorded as CUDA graphs and runs kernel by kernel: {cause}")) : [];
        return recorded.Count > 0 ? recorded : Try(records: false,
            cause => RuntimeLog.Note(LogLevel.Warning, $"{name} runs without fixed memory on the GPU: {cause}"));

        List<DeviceForward> Try(bool records, Action<string> note)
        {
            var opened = new List<DeviceForward>();
            try
            {
                for (var place = 0; place < factory.Devices; place++)
                {
                    opened.Add(new DeviceForward(tower.On(place), records ? factory.Create(tower.Model, place, records: true) : null, factory, place));
                    ThrowIfDifferent(tower, opened[^1], trials.Value);
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
    }

    private static bool IsRead(TensorInfo output) => output.ElementType is TensorElementType.Float or TensorElementType.Float16;

    /// <summary>Pictures, and what the tower's own session gives for each.</summary>
    private static List<Trial> Trials(VisionTower tower)
    {
        var picture = PlainModel.Picture(new ImageInput(tower.InputName, tower.InputType, tower.ImageSize));
        float[][] pictures = [picture, [.. picture.Select(value => 0.5f * value)], [.. picture.Select(value => -value)]];
        TensorInfo[] tensors = [.. DeviceForward.OutputsOf(tower).SkipLast(tower.Layers.Count)];
        return [.. pictures.Select(pixels =>
        {
            var values = BatchProbe.Run(tower, tensors, pixels)[0];
            return new Trial(new(pixels, tower.ImageSize.Width, tower.ImageSize.Height, default),
                tower.Output is null ? [] : values[0], Tensors.Concat(values[^tower.Layers.Count..]));
        })];
    }

    /// <summary>Other pictures on each run, alone and together, so that a replay that goes on with the recorded ones would show.</summary>
    private static void ThrowIfDifferent(VisionTower tower, DeviceForward onDevice, List<Trial> trials)
    {
        foreach (var run in (Trial[][])[[trials[0]], [trials[1]], onDevice.Most >= 3 ? [trials[2], trials[0], trials[1]] : [trials[2]]])
        {
            var given = onDevice.Run([.. run.Select(trial => trial.Picture)], ActivationParts.MeanAttention | ActivationParts.TokenNorms,
                (inputNames, values, outputNames, outputs) =>
                {
                    using var options = new RunOptions();
                    tower.Session.Run(options, inputNames, values, outputNames, outputs);
                });
            foreach (var (trial, activations) in run.Zip(given))
            {
                if (!BatchProbe.IsClose(trial.Answer, activations.Output) || !BatchProbe.IsClose(trial.Attention, activations.MeanAttention!))
                    throw new NotSupportedException("it gives other numbers than a run of its own");
            }
        }
    }

    private sealed record Trial(ModelInput Picture, float[] Answer, float[] Attention);
}
