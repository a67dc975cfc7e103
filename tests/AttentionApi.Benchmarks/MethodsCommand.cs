using System.CommandLine;
using AttentionApi.Benchmarks.Measuring;
using AttentionApi.Benchmarks.Synthetic;
using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Processor;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Benchmarks;

/// <summary><c>methods</c>: what methods without gradients cost, from pixels to maps, as a ratio to the plain forward; and what another label costs once a
/// picture is known.</summary>
internal static class MethodsCommand
{
    private const int SurgeryBlocks = 6;
    private const double Sigma = 5;

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 15 };
        var model = new Option<string?>("--model") { Description = $"only {SyntheticClip.B32.Id} or {SyntheticClip.B16.Id}" };
        var only = new Option<string>("--only") { Description = "only steps whose name holds this", DefaultValueFactory = _ => "" };
        var command = new Command("methods", "Methods that need no gradients, as ratios to the plain forward pass.") { rounds, model, only };
        command.SetAction(async (parsed, _) =>
        {
            foreach (var clip in new[] { SyntheticClip.B32, SyntheticClip.B16 }.Where(clip => parsed.GetValue(model) is not { } wanted || wanted == clip.Id))
                await MeasureAsync(clip, Math.Max(3, parsed.GetValue(rounds)), parsed.GetValue(only)!);
        });
        return command;
    }

    private static async Task MeasureAsync(SyntheticClip clip, int rounds, string only)
    {
        using var models = TemporaryModels.Of(clip);
        using var plain = new PlainForward(models.Vision(clip), new SessionSettings(1, Environment.ProcessorCount));
        var folder = ModelFolder.Open(Path.Combine(models.Folder, clip.Id));
        var factory = new SessionFactory(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu });
        using var towers = TowerLoader.Load(folder, factory);
        await using var forward = new ForwardPass(clip.Id, towers.Vision, new SessionPool([towers.Vision.Session], factory.ThreadsPerSession));
        var preprocessor = new ImagePreprocessor(PreprocessorConfig.Read(folder.VisionConfig, towers.Vision.ImageSize, []));
        var work = new Work(forward, towers.Vision,
            preprocessor.Prepare(ImageDecoder.Decode(Photos.Jpeg(224, 224), ImageLimits.Default, CancellationToken.None)));
        var known = await work.RunAsync(Work.All);
        var (one, eight) = (Work.Labels(1, towers.Vision.ReadOut!.Width), Work.Labels(8, towers.Vision.ReadOut.Width));

        var measured = await new Interleaved(rounds, only: only).MeasureAsync(new Step("plain forward", () => plain.Run()),
        [
            new("forward, heads fused", () => work.RunAsync(ActivationParts.MeanAttention)),
            new("forward, heads fused, sinks found", async () => work.Sinks(await work.RunAsync(ActivationParts.MeanAttention | ActivationParts.TokenNorms))),
            new("decomposition, 1 label", async () => work.Decompose(await work.RunAsync(BlockInspection.PathParts), one)),
            new("decomposition, 8 labels", async () => work.Decompose(await work.RunAsync(BlockInspection.PathParts), eight)),
            new("surgery, 8 labels", async () => work.Surgery(await work.RunAsync(DenseReadOut.SurgeryParts), eight)),
            new("naclip, 8 labels", async () => work.Naclip(await work.RunAsync(DenseReadOut.NeighbourParts), eight)),
            new("alignment, 8 labels", async () => work.Align(await work.RunAsync(ActivationParts.ReadOut | BlockInspection.SinkParts), eight)),
            new("similarity", async () => work.Compare(await work.RunAsync(ActivationParts.HiddenStates | BlockInspection.SinkParts))),
            new($"{Work.HiddenAtOnce} pictures with hidden patches (occlusion and rise)", work.HideAsync),
            new("flow", async () => work.Flow(await work.RunAsync(ActivationParts.MeanAttention))),
            new("statistics: entropy", async () => Work.Entropies(await work.RunAsync(ActivationParts.HeadAttention))),
            new("features", async () => work.Features(await work.RunAsync(ActivationParts.HiddenStates))),
            new("known picture: decomposition, 1 label", () => work.Decompose(known, one)),
            new("known picture: surgery, 1 label", () => work.Surgery(known, one)),
            new("known picture: naclip, 1 label", () => work.Naclip(known, one)),
            new("known picture: flow", () => work.Flow(known)),
        ]);
        Console.WriteLine($"{clip.Id}, {Environment.ProcessorCount} cores, medians of {rounds} rounds");
        Console.WriteLine("| step | ms | x plain forward (quartiles) | processor time, x | allocated, KiB |\n|---|---|---|---|---|");
        foreach (var (name, milliseconds, ratio, cpu, allocated) in measured)
            Console.WriteLine($"| {name} | {milliseconds.Median:F2} | {ratio.Median:F3} ({ratio.Lower:F3}-{ratio.Upper:F3}) | {cpu.Median:F3} | "
                + $"{allocated / 1024:F0} |");
    }

    /// <summary>Calls as methods make them.</summary>
    private sealed class Work(ForwardPass forward, VisionTower vision, ModelInput picture)
    {
        public const ActivationParts All = BlockInspection.PathParts | DenseReadOut.SurgeryParts | DenseReadOut.NeighbourParts | ActivationParts.MeanAttention;

        private readonly float[] window = DenseMaps.GaussianWindow(vision.Layout, Sigma);

        public static float[][] Labels(int count, int width) =>
            [.. Enumerable.Range(0, count).Select(label =>
            (float[])[.. Enumerable.Range(0, width).Select(i => MathF.Sin(i * (label + 1)) / MathF.Sqrt(width / 2f))])];

        public Task<Activations> RunAsync(ActivationParts parts) => forward.RunAsync(picture, parts, new StageTimings(), CancellationToken.None);

        public void Sinks(Activations known) => AttentionSinks.Find(known.MeanAttention!, known.TokenNorms!, vision.Layout);

        public void Decompose(Activations known, float[][] labels)
        {
            var states = known.HeadTokenStates!;
            var path = new HeadTokenPath(known.Layers, known.Heads, known.Tokens, known.HeadTokenAttention!, known.Values!, states);
            var head = vision.Blocks!.Head.At(states[^vision.ReadOut!.HiddenWidth..]);
            foreach (var label in labels)
            {
                var score = head.Cosine(label);
                AdditiveParts.Of(path, vision.Blocks.Projections.Measure(), score.Direction, score.Offset).Map(known.Tokens, known.Heads, 0, known.Layers - 1);
            }
        }

        public void Surgery(Activations known, float[][] labels) => DenseMaps.Cosines(DenseReadOut.Surgery(vision, known, SurgeryBlocks), labels);

        public void Naclip(Activations known, float[][] labels) => DenseMaps.Cosines(DenseReadOut.Neighbours(vision, known, window), labels);

        /// <summary>Of occlusion's 49 or 196 pictures, and rise's 256, enough for what one of them costs.</summary>
        public const int HiddenAtOnce = 16;

        public Task HideAsync()
        {
            var canvas = PatchCanvas.Of(picture, PatchFill.Mean, [0, 0, 0], vision.Layout.Grid, vision.PatchSize, vision.PatchArea);
            var together = new ParallelOptions { MaxDegreeOfParallelism = forward.RunsAhead };
            var patches = Enumerable.Range(0, vision.Layout.Grid.Count).ToList();
            return Parallel.ForAsync(0, HiddenAtOnce, together, async (i, token) =>
                await forward.RunAsync(canvas.Show(new PatchSubset(patches.Count, patches.Where(patch => patch != i))), ActivationParts.Output,
                    new StageTimings(), token));
        }

        public void Align(Activations known, float[][] labels) => LabelSimilarity.Between(new LayerTokens(known.ReadOut!, known.Layers, vision.Layout),
            [.. labels.Select((label, i) => LabelTarget.OfText($"label {i}", label))]);

        public void Compare(Activations known)
        {
            var states = States(known);
            DenseMaps.CosinesTo(states.AsSpan(0, states.Length / vision.Layout.Grid.Count), states);
        }

        public void Flow(Activations known)
        {
            var capacities = new RolloutPropagation(new LayerAttention(known, vision.Layout, HeadFusion.Mean, head: null), 1, known.Layers).Matrices().ToList();
            var source = new float[known.Tokens];
            source[0] = 1;
            AttentionFlow.ToTokens(capacities, source, vision.Layout.PrefixTokens, vision.Layout.Grid.Count);
        }

        public static void Entropies(Activations known) => Parallel.For(0, known.Layers * known.Heads, head =>
            AttentionStatistics.MeanEntropy(known.HeadAttention.AsSpan(head * known.Tokens * known.Tokens, known.Tokens * known.Tokens), known.Tokens));

        public void Features(Activations known) => PrincipalComponents.Of(States(known), vision.Embeddings.Count / vision.Tokens, 3);

        /// <summary>Of the last layer's patches, after the final norm.</summary>
        private float[] States(Activations known) =>
            vision.FinalNorm!.ReadRows(known.HiddenStates![^(vision.Layout.Grid.Count * vision.Embeddings.Count / vision.Tokens)..]);
    }
}
