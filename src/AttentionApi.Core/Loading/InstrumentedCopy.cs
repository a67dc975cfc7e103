using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Loading;

/// <summary>What a copy of a model gives besides the model's own outputs.</summary>
[Flags]
internal enum CopyOutputs
{
    /// <summary><c>attention.1</c> … <c>attention.L</c>: probabilities, [batch, head, query, key].</summary>
    Attention = 1,
    /// <summary><c>attention_mean.1</c> …: the mean over the heads, [batch, query, key].</summary>
    Mean = 2,
    /// <summary><c>hidden.0</c> … <c>hidden.L</c>: what enters the first layer, and what leaves each, [batch, token, channel].</summary>
    Hidden = 4,
}

/// <summary>
/// A copy of a model file for any program that runs ONNX models: the same inputs and outputs, with the attention of the vision tower's layers
/// as further outputs. The original's bytes stay as they are wherever the graph has the probabilities as a tensor; a fused operator that hides
/// them is exchanged.
/// </summary>
/// <param name="Outputs">The names of the further outputs, float32, in their order.</param>
/// <param name="Layers">L, the number of layers of the vision tower.</param>
/// <param name="Bytes">Of the copy.</param>
/// <param name="WeightFiles">Files with weights outside of the model file, copied beside it.</param>
internal sealed record InstrumentedCopy(IReadOnlyList<string> Outputs, int Layers, long Bytes, IReadOnlyList<string> WeightFiles)
{
    private const string Unfinished = ".part";

    /// <summary>Loads the model as the server does, which checks that what is found is attention, and writes the copy.</summary>
    /// <param name="source">An .onnx file, or a model folder, of which the vision tower (or the file with both) is taken.</param>
    /// <param name="target">The file to write; one that is there is replaced.</param>
    /// <param name="outputs">What is added.</param>
    /// <param name="range">The layers to add, from 1; beyond the model's they are cut.</param>
    /// <param name="factory">Makes the sessions of the check.</param>
    /// <exception cref="ModelRefusedException">The model cannot be explained.</exception>
    /// <exception cref="IOException">The copy cannot be written.</exception>
    public static InstrumentedCopy Write(string source, string target, CopyOutputs outputs, (int From, int To) range, SessionFactory factory)
    {
        var folder = ModelFolder.Open(source);
        target = Path.GetFullPath(target);
        if (target == folder.VisionFile) throw new ModelRefusedException("The copy would replace the model itself; write it to another file.");
        var opened = OpenedModel.Of(folder, factory, ModelConfig.Read(folder), []);
        using (opened.LoadVision()) { }
        var layers = opened.Vision.Layers;
        if (range.From > layers.Count)
        {
            throw new ModelRefusedException($"{opened.Graph.File.FileName} has layers 1 to {layers.Count}, and none from {range.From} on.");
        }

        var instrumenter = new GraphInstrumenter(opened.Graph);
        var names = Append(instrumenter, layers, outputs, (range.From, Math.Min(range.To, layers.Count)));
        var model = instrumenter.Build();
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        foreach (var file in model.ExternalData) CopyWeights(Path.Combine(model.ExternalDataFolder!, file), Path.Combine(Path.GetDirectoryName(target)!, file));
        using (var stream = File.Create(target + Unfinished)) model.CopyTo(stream);
        File.Move(target + Unfinished, target, overwrite: true);
        return new(names, layers.Count, model.Length, model.ExternalData);
    }

    private static List<string> Append(GraphInstrumenter instrumenter, IReadOnlyList<AttentionSite> layers, CopyOutputs outputs, (int From, int To) range)
    {
        var names = new List<string>();
        // The loader has found it already.
        var stream = ResidualStream.Find(instrumenter.Graph, layers)!;
        for (var layer = range.From; layer <= range.To; layer++)
        {
            if (layer == 1 && outputs.HasFlag(CopyOutputs.Hidden)) Add(stream.States[0].In(instrumenter), "hidden.0");
            var site = layers[layer - 1];
            if ((outputs & (CopyOutputs.Attention | CopyOutputs.Mean)) != 0)
            {
                var probabilities = site.Probabilities ?? FusedAttention.Open(instrumenter, site.Node).Probabilities;
                if (outputs.HasFlag(CopyOutputs.Attention)) Add(probabilities, $"attention.{layer}");
                if (outputs.HasFlag(CopyOutputs.Mean)) Add(instrumenter.MeanOverHeads(probabilities), $"attention_mean.{layer}");
            }
            if (outputs.HasFlag(CopyOutputs.Hidden)) Add(stream.States[layer].In(instrumenter), $"hidden.{layer}");
        }
        return names;

        void Add(string tensor, string name)
        {
            instrumenter.AppendOutput(tensor, name);
            names.Add(name);
        }
    }

    private static void CopyWeights(string source, string target)
    {
        if (source == target) return;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(source, target, overwrite: true);
    }
}
