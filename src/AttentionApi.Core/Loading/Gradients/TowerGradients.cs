using AttentionApi.Core.Loading.Probing;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Loading.Gradients;

/// <summary>
/// Gradients of a tower's answer. Sessions are made when they are first needed: one of the forward pass with its values exposed (the tape), which both kinds of
/// gradients share, and one for each backward graph. Safe for many callers.
/// </summary>
internal sealed class TowerGradients : IAsyncDisposable
{
    private readonly SessionFactory factory;
    private readonly TowerGraph tower;
    private readonly TowerGraph head;
    private readonly TowerMeasure measure;
    private readonly GradientTrial trial;
    private readonly Dictionary<GradientKind, GradientGraph> graphs = [];
    private readonly MadeOnce<TapedSession> taped;
    private readonly Dictionary<GradientKind, MadeOnce<GradientSession>> all;
    private readonly MadeOnce<GradientSession> last;
    private readonly Dictionary<(int From, bool OfMean), MadeOnce<GradientSession>> each;

    /// <param name="factory">Makes sessions.</param>
    /// <param name="tower">The forward graph.</param>
    /// <param name="measure">Its measured shapes; disposed of with the gradients.</param>
    /// <param name="headAnswer">The answer of a head that reads one token, which LeGrad puts on every layer; null where the head pools by attention.</param>
    /// <param name="trial">What new sessions are tried with.</param>
    /// <param name="facts">Gets the reasons of what turns out to be refused.</param>
    public TowerGradients(SessionFactory factory, TowerGraph tower, TowerMeasure measure, string? headAnswer, GradientTrial trial, GradientFacts facts)
    {
        (this.factory, this.tower, this.measure, this.trial, Facts) = (factory, tower, measure, trial, facts);
        foreach (var kind in Enum.GetValues<GradientKind>()) Plan(kind);
        taped = new(OpenTapedAsync);
        all = graphs.ToDictionary(graph => graph.Key, graph => new MadeOnce<GradientSession>(cancellation => OpenAllLayersAsync(graph.Value, cancellation)));
        last = new(_ => OpenLastLayerAsync());
        head = tower with { Answer = headAnswer ?? tower.Answer };
        (int From, bool OfMean)[] variants = [(LateLayers, false), (LateLayers, true), (1, false), (1, true)];
        each = variants.Distinct().ToDictionary(variant => variant, variant => new MadeOnce<GradientSession>(_ => OpenEachLayerAsync(variant)));
    }

    /// <summary>Layers L.</summary>
    public int Layers => tower.Layers.Count;

    /// <summary>The layer from which LeGrad starts by default: a session of its own, so that the earlier ones are not run along.</summary>
    private int LateLayers => Math.Max(1, Layers - 1);

    /// <summary>Why there are no gradients of a kind, as far as was tried.</summary>
    public GradientFacts Facts { get; }

    /// <summary>Makes the sessions that methods start with, tries them, and closes them again but for the forward pass.</summary>
    /// <param name="reading">What the head of a vision tower reads; null for a text tower, which has all layers at once only.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ModelRefusedException">The machine lacks something now. What is refused for good is in <see cref="Facts"/>.</exception>
    public async Task TryAsync(HeadReading? reading, CancellationToken cancellation)
    {
        var tried = graphs.Values.Select(graph => (Func<Task<GradientSession>>)(() => OpenAllLayersAsync(graph, cancellation))).ToList();
        if (reading is not null) tried.Add(OpenLastLayerAsync);
        if (reading is HeadReading.Token or HeadReading.Attention) tried.Add(() => OpenEachLayerAsync((LateLayers, false)));
        foreach (var open in tried)
        {
            try
            {
                var session = await open().ConfigureAwait(false);
                await session.DisposeAsync().ConfigureAwait(false);
            }
            catch (ModelRefusedException reason) when (!reason.MayPass)
            {
                // Noted; the other kind may do.
            }
        }
    }

    /// <summary>Runs the forward pass once, for any number of backward passes of the given kinds.</summary>
    public async Task<GradientTape> ForwardAsync(IReadOnlyDictionary<string, OrtValue> feeds, IReadOnlyCollection<GradientKind> kinds,
        CancellationToken cancellation)
    {
        var forward = await taped.GetAsync(cancellation).ConfigureAwait(false);
        return await forward.RunAsync(feeds, [.. kinds.SelectMany(kind => Graph(kind).Inputs).Distinct()], cancellation).ConfigureAwait(false);
    }

    /// <summary>Gradients of every layer, one entry a label.</summary>
    /// <param name="tape">Of a forward run for this kind.</param>
    /// <param name="seeds">By label: one class, or the label's unit embedding.</param>
    public async Task<IReadOnlyList<LayerGradients>> AllLayersAsync(GradientKind kind, GradientTape tape, IReadOnlyList<float[]> seeds,
        CancellationToken cancellation)
    {
        _ = Graph(kind);
        var session = await all[kind].GetAsync(cancellation).ConfigureAwait(false);
        var results = await session.RunAsync(tape.Values, seeds, cancellation).ConfigureAwait(false);
        GC.KeepAlive(tape);
        return [.. results.Select(arrays => LayerGradients.Of(arrays, session.Outputs))];
    }

    /// <summary>Plain gradients of the last layer, one entry a label.</summary>
    /// <param name="state">h_(L−1), [token, width].</param>
    /// <param name="feeds">The tower's inputs for any picture of the size; null for the model's own size.</param>
    public async Task<IReadOnlyList<LayerGradients>> LastLayerAsync(float[] state, TowerFeeds? feeds, IReadOnlyList<float[]> seeds,
        CancellationToken cancellation)
    {
        var session = await last.GetAsync(cancellation).ConfigureAwait(false);
        var results = await RunOnStatesAsync(session, _ => state, feeds, seeds, cancellation).ConfigureAwait(false);
        return [.. results.Select(arrays => LayerGradients.Of(arrays, session.Outputs))];
    }

    /// <summary>LeGrad's gradients, one array a label: [layer fromLayer … L, token].</summary>
    /// <param name="fromLayer">The first layer, from 1.</param>
    /// <param name="ofMean">True where the head reads the mean of all tokens.</param>
    /// <param name="state">h_l, [token, width], for l = 0 … L.</param>
    /// <param name="feeds">As for <see cref="LastLayerAsync"/>.</param>
    public async Task<IReadOnlyList<float[]>> EachLayerAsync(int fromLayer, bool ofMean, Func<int, float[]> state, TowerFeeds? feeds,
        IReadOnlyList<float[]> seeds, CancellationToken cancellation)
    {
        var from = fromLayer >= LateLayers ? LateLayers : 1;
        var session = await each[(from, ofMean)].GetAsync(cancellation).ConfigureAwait(false);
        var results = await RunOnStatesAsync(session, state, feeds, seeds, cancellation).ConfigureAwait(false);
        return [.. results.Select(arrays => arrays[0][(arrays[0].Length / (Layers + 1 - from) * (fromLayer - from))..])];
    }

    public async ValueTask DisposeAsync()
    {
        await taped.DisposeAsync().ConfigureAwait(false);
        foreach (var session in all.Values.Append(last).Concat(each.Values)) await session.DisposeAsync().ConfigureAwait(false);
        measure.Dispose();
    }

    private void Plan(GradientKind kind)
    {
        try
        {
            graphs[kind] = GradientGraph.OfAllLayers(tower, measure.Shapes, kind);
        }
        catch (ModelRefusedException reason)
        {
            Facts.Refuse(kind, reason.Message);
        }
    }

    private GradientGraph Graph(GradientKind kind) => graphs.TryGetValue(kind, out var graph) ? graph
        : throw new ModelRefusedException(Facts.Missing(kind)!);

    /// <summary>Keeps the reason for good where what these kinds need is refused.</summary>
    private async Task<T> NotedAsync<T>(IEnumerable<GradientKind> kinds, Func<Task<T>> open)
    {
        try
        {
            return await open().ConfigureAwait(false);
        }
        catch (ModelRefusedException reason) when (!reason.MayPass)
        {
            foreach (var kind in kinds) Facts.Refuse(kind, reason.Message);
            throw;
        }
    }

    private async Task<float[][][]> RunOnStatesAsync(GradientSession session, Func<int, float[]> state, TowerFeeds? feeds,
        IReadOnlyList<float[]> seeds, CancellationToken cancellation)
    {
        var made = new Dictionary<string, OrtValue>();
        try
        {
            for (var layer = 0; layer < tower.States.Count; layer++)
            {
                var name = tower.States[layer];
                if (session.Inputs.Contains(name)) made[name] = StateValue(name, state(layer));
            }
            string[] others = [.. session.Inputs.Where(name => !made.ContainsKey(name))];
            var known = others.ToDictionary(name => name, measure.FixedValue);
            if (feeds is not null)
                foreach (var (name, value) in FixedValues(others, feeds)) known[name] = made[name] = value;
            var inputs = session.Inputs.ToDictionary(name => name, name => made.TryGetValue(name, out var given) ? given : known[name]);
            return await session.RunAsync(inputs, seeds, cancellation).ConfigureAwait(false);
        }
        finally
        {
            foreach (var value in made.Values) value.Dispose();
        }
    }

    private OrtValue StateValue(string name, float[] values)
    {
        long[] shape = [.. measure.Shapes[name]];
        shape[TowerGraph.TokenAxis(shape)] = values.Length / shape[^1];
        return Tensors.FromFloats(values, shape, (TensorElementType)trial.StateType);
    }

    /// <summary>What follows from the shape of the input alone, at another size than the measured one.</summary>
    private List<KeyValuePair<string, OrtValue>> FixedValues(string[] names, TowerFeeds feeds)
    {
        if (names.Length == 0) return [];
        var inputs = feeds();
        try
        {
            return OrtErrors.Translate(trial.FileName, () =>
            {
                using var session = factory.CreateForOneRun(TapedForward.Fixed(tower, names));
                using var passage = CaptureGate.Pass();
                using var options = new RunOptions();
                string[] read = [.. inputs.Keys.Where(session.InputNames.Contains)];
                return names.Zip(session.Run(options, read, [.. read.Select(name => inputs[name])], names), KeyValuePair.Create).ToList();
            });
        }
        finally
        {
            foreach (var value in inputs.Values) value.Dispose();
        }
    }

    /// <summary>Input element type of graphs that start from hidden states.</summary>
    private int GivenType(string tensor) =>
        tower.States.Contains(tensor) ? trial.StateType : (int)measure.FixedValue(tensor).GetTensorTypeAndShape().ElementDataType;

    /// <summary>Both kinds need it.</summary>
    private Task<TapedSession> OpenTapedAsync(CancellationToken cancellation) => NotedAsync(Enum.GetValues<GradientKind>(), async () =>
    {
        var (model, outputs) = TapedForward.Build(tower, [.. graphs.Values]);
        var pool = OrtErrors.Translate(trial.FileName, () => factory.PoolOfDevices(place => factory.Create(model, place)));
        var types = outputs.ToDictionary(output => output.Key, output => (int)pool.Outputs[output.Value].ElementDataType);
        var opened = new TapedSession(pool, outputs, types, tower.Answer, Layers);
        return await TriedAsync(opened, async () =>
            trial.ThrowIfDifferent((await trial.RunAsync(opened, [], cancellation).ConfigureAwait(false)).Answer)).ConfigureAwait(false);
    });

    private Task<GradientSession> OpenLastLayerAsync() => NotedAsync([GradientKind.Plain], () =>
        Task.FromResult(Open(GradientGraph.OfLastLayer(tower, measure.Shapes), GivenType, large: false)));

    private Task<GradientSession> OpenEachLayerAsync((int From, bool OfMean) variant) => NotedAsync([GradientKind.Plain], () =>
        Task.FromResult(Open(GradientGraph.OfEachLayer(new HeadsOnLayers(head, measure.Shapes, variant.From, variant.OfMean)), GivenType,
            large: variant.From == 1)));

    private Task<GradientSession> OpenAllLayersAsync(GradientGraph graph, CancellationToken cancellation) => NotedAsync([graph.Kind], async () =>
    {
        var forward = await taped.GetAsync(cancellation).ConfigureAwait(false);
        var opened = Open(graph, name => forward.ElementTypes[name], large: true);
        return graph.Kind == GradientKind.Plain ? opened : await TriedAsync(opened, async () =>
        {
            var tape = await trial.RunAsync(forward, opened.Inputs, cancellation).ConfigureAwait(false);
            var seeds = GradientTrial.Seeds(tape.Answer.Length);
            var results = await opened.RunAsync(tape.Values, seeds, cancellation).ConfigureAwait(false);
            trial.ThrowIfIncomplete(tape.Answer, seeds, [.. results.Select(arrays => LayerGradients.Of(arrays, opened.Outputs))]);
        }).ConfigureAwait(false);
    });

    private GradientSession Open(GradientGraph graph, Func<string, int> elementType, bool large)
    {
        var model = graph.Build(elementType);
        var pool = OrtErrors.Translate(trial.FileName, () =>
            factory.PoolOfDevices(place => large ? factory.Create(model, place) : factory.CreateInMemory(model, place)));
        return new GradientSession(pool, [.. graph.Inputs], graph.Outputs);
    }

    private static async Task<T> TriedAsync<T>(T opened, Func<Task> attempt) where T : IAsyncDisposable
    {
        try
        {
            await attempt().ConfigureAwait(false);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
