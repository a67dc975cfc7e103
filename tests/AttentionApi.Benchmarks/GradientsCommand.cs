using System.CommandLine;
using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Benchmarks;

/// <summary><c>gradients</c>: what gradients cost, as a ratio to the plain forward, by method and number of labels.</summary>
internal static class GradientsCommand
{
    private static readonly SessionSettings Plain = new(1, Environment.ProcessorCount, Arena: false);

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 11 };
        var patch = new Option<int>("--patch") { DefaultValueFactory = _ => 32, Description = "32 or 16: the synthetic ViT-B's patch size." };
        var only = new Option<string>("--only") { DefaultValueFactory = _ => "", Description = "Only steps whose name holds this." };
        var command = new Command("gradients", "Backward passes of a ViT-B against its plain forward.") { rounds, patch, only };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(rounds),
            parsed.GetValue(patch) == 16 ? SyntheticClip.B16 : SyntheticClip.B32, parsed.GetValue(only)!, cancellation));
        return command;
    }

    private static async Task RunAsync(int rounds, SyntheticClip clip, string only, CancellationToken cancellation)
    {
        using var models = TemporaryModels.Of(clip);
        using var plain = new PlainForward(models.Vision(clip), Plain);
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu });
        using var towers = TowerLoader.Load(ModelFolder.Open(Path.Combine(models.Folder, clip.Id)), factory);
        await using var gradients = GradientLoader.Open(factory, towers.Vision, towers.Gradients);
        var work = new GradientWork(towers.Vision, gradients, cancellation);

        IReadOnlyList<Step> steps =
        [
            new("instrumented forward", work.Forward),
            new("forward with tape, libra", () => work.TapeAsync(GradientKind.Libra)),
            new("forward with tape, plain", () => work.TapeAsync(GradientKind.Plain)),
            new("libra, 1 label", () => work.AllLayersAsync(GradientKind.Libra, 1)),
            new("libra, 4 labels", () => work.AllLayersAsync(GradientKind.Libra, 4)),
            new("chefer all layers, 1 label", () => work.AllLayersAsync(GradientKind.Plain, 1)),
            new("chefer all layers, 4 labels", () => work.AllLayersAsync(GradientKind.Plain, 4)),
            new("chefer last layer, gradEclip, 1 label", () => work.LastLayerAsync(1)),
            new("chefer last layer, gradEclip, 4 labels", () => work.LastLayerAsync(4)),
            new("leGrad, last two layers, 1 label", () => work.EachLayerAsync(11, 1)),
            new("leGrad, all layers, 1 label", () => work.EachLayerAsync(1, 1)),
            new("tape known: libra, 1 label", () => work.BackwardAsync(GradientKind.Libra, 1)),
            new("tape known: libra, 5 labels", () => work.BackwardAsync(GradientKind.Libra, 5)),
            new("tape known: chefer all layers, 1 label", () => work.BackwardAsync(GradientKind.Plain, 1)),
            new("tape known: chefer all layers, 5 labels", () => work.BackwardAsync(GradientKind.Plain, 5)),
        ];
        await work.KeepAsync();
        var measured = await new Interleaved(rounds, only: only).MeasureAsync(new Step("plain forward", () => plain.Run()), steps);
        Console.WriteLine($"{clip.Id}, {Environment.ProcessorCount} cores, median of {rounds} rounds; tapes of both kinds {work.TapeBytes / 1e6:F0} MB");
        Console.WriteLine($"{"",-42} {"ms",8} {"ratio",7} {"CPU",7}");
        foreach (var one in measured) Console.WriteLine($"{one.Name,-42} {one.Milliseconds.Median,8:F1} {one.Ratio.Median,7:F2} {one.CpuRatio.Median,7:F2}");
    }

    /// <summary>Calls as methods make them, from pixels to arrays.</summary>
    private sealed class GradientWork
    {
        private readonly VisionTower vision;
        private readonly TowerGradients gradients;
        private readonly CancellationToken cancellation;
        private readonly float[] pixels;
        private GradientTape? known;

        public GradientWork(VisionTower vision, TowerGradients gradients, CancellationToken cancellation)
        {
            (this.vision, this.gradients, this.cancellation) = (vision, gradients, cancellation);
            var random = new Random(1);
            pixels = [.. Enumerable.Range(0, 3 * vision.ImageSize.Width * vision.ImageSize.Height).Select(_ => 2 * random.NextSingle() - 1)];
        }

        public long TapeBytes => known!.Bytes;

        public void Forward() => States();

        public Task<GradientTape> TapeAsync(GradientKind kind) => ForwardAsync(kind);

        public async Task KeepAsync() => known = await ForwardAsync(GradientKind.Libra, GradientKind.Plain);

        public async Task AllLayersAsync(GradientKind kind, int labels)
        {
            var tape = await ForwardAsync(kind);
            await gradients.AllLayersAsync(kind, tape, Seeds(labels), cancellation);
            GC.KeepAlive(tape);
        }

        public async Task BackwardAsync(GradientKind kind, int labels) => await gradients.AllLayersAsync(kind, known!, Seeds(labels), cancellation);

        public async Task LastLayerAsync(int labels) => await gradients.LastLayerAsync(States()[^2], null, Seeds(labels), cancellation);

        public async Task EachLayerAsync(int fromLayer, int labels)
        {
            var states = States();
            await gradients.EachLayerAsync(fromLayer, false, layer => states[Math.Max(0, layer - 1)], null, Seeds(labels), cancellation);
        }

        private async Task<GradientTape> ForwardAsync(params IReadOnlyCollection<GradientKind> kinds)
        {
            using var input = Tensors.FromFloats(pixels, vision.InputShape, vision.InputType);
            return await gradients.ForwardAsync(new Dictionary<string, OrtValue> { [vision.InputName] = input }, kinds, cancellation);
        }

        /// <summary>h_1 … h_L of the instrumented forward pass.</summary>
        private float[][] States()
        {
            using var outputs = new RunOutputs(1);
            float[][] states = [.. vision.Layers.Select(layer => outputs.Add([layer.HiddenState])[0])];
            using var input = Tensors.FromFloats(pixels, vision.InputShape, vision.InputType);
            using var options = new RunOptions();
            vision.Session.Run(options, [vision.InputName], [input], outputs.Names, outputs.Values);
            outputs.Take();
            return states;
        }

        private float[][] Seeds(int labels) => [.. Enumerable.Range(0, labels).Select(label =>
        {
            var seed = new float[vision.Output!.Count];
            seed[label] = 1;
            return seed;
        })];
    }
}
