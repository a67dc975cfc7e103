using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>What one run tells about the forward tensors that a backward pass may meet.</summary>
/// <param name="Shapes">Of all of them.</param>
/// <param name="Fixed">Values of those that follow from the shape of the input alone.</param>
internal sealed record TowerMeasure(ForwardShapes Shapes, IReadOnlyDictionary<string, OrtValue> Fixed) : IDisposable
{
    /// <param name="factory">Makes the session.</param>
    /// <param name="tower">The forward graph.</param>
    /// <param name="feeds">A picture or a text; sizes that may differ in later runs should not be 1.</param>
    /// <param name="areFixed">Whether later runs have the same sizes.</param>
    public static TowerMeasure Of(SessionFactory factory, TowerGraph tower, IReadOnlyDictionary<string, OrtValue> feeds, bool areFixed)
    {
        var (model, shapes, fixedTensors) = TapedForward.Measured(tower);
        return OrtErrors.Translate(tower.Graph.File.FileName, () =>
        {
            using var session = factory.CreateForOneRun(model);
            using var passage = CaptureGate.Pass();
            using var options = new RunOptions();
            var values = session.Run(options, [.. feeds.Keys], [.. feeds.Values], [.. shapes.Values, .. fixedTensors]).ToList();
            var measured = shapes.Keys.Zip(values).ToDictionary(pair => pair.First, pair => pair.Second.GetTensorDataAsSpan<long>().ToArray());
            foreach (var value in values.Take(shapes.Count)) value.Dispose();
            return new TowerMeasure(new(measured, areFixed), fixedTensors.Zip(values.Skip(shapes.Count)).ToDictionary(pair => pair.First, pair => pair.Second));
        });
    }

    /// <exception cref="ModelRefusedException">It is no value that is always the same.</exception>
    public OrtValue FixedValue(string tensor) =>
        Fixed.TryGetValue(tensor, out var value) ? value : throw new ModelRefusedException("a layer reads more than the hidden states that enter it");

    public void Dispose()
    {
        foreach (var value in Fixed.Values) value.Dispose();
    }
}
