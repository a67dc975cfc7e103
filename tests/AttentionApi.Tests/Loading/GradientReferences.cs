using System.Numerics.Tensors;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Gradients;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests.Loading;

/// <summary>A fixture model with its gradients opened, on its reference picture.</summary>
internal sealed class GradientReferences : IAsyncDisposable
{
    private readonly ModelTowers towers;

    private GradientReferences(FixtureVariant variant)
    {
        Variant = variant;
        towers = FixtureModels.Load(variant.Family, variant.File);
        Gradients = GradientLoader.Open(FixtureModels.Factory, towers.Vision, FixtureModels.UntriedGradients);
        Pixels = variant.Expected.Floats("pixel_values");
        Methods = ReferenceArrays.Methods(variant.Family);
        var attribution = SharedFixtures.Family(variant.Family, "attribution.json");
        Attribution = File.Exists(attribution) ? ReferenceArrays.Load(attribution) : null;
    }

    public FixtureVariant Variant { get; }
    public VisionTower Vision => towers.Vision;
    public TowerGradients Gradients { get; }
    public float[] Pixels { get; }
    public ReferenceArrays Expected => Variant.Expected;
    public ReferenceArrays Methods { get; }

    /// <summary>Null for families without this set.</summary>
    public ReferenceArrays? Attribution { get; }
    public int Layers => Vision.Layers.Count;
    public int Tokens => Vision.Tokens;

    public static GradientReferences Open(string family, string file) => new(new FixtureVariant(family, file));

    public async Task<GradientTape> ForwardAsync(params GradientKind[] kinds)
    {
        using var input = Core.Runtime.Sessions.Tensors.FromFloats(Pixels, Vision.InputShape, Vision.InputType);
        return await Gradients.ForwardAsync(new Dictionary<string, OrtValue> { [Vision.InputName] = input }, kinds, TestContext.Current.CancellationToken);
    }

    /// <summary>h_l on the reference picture, [token, width]; h_0 is the references' own.</summary>
    public float[] State(int layer)
    {
        if (layer > 0) return FixtureModels.Run(Vision, Pixels, Vision.Layers[layer - 1].HiddenState.Name)[0];
        var states = Expected.Floats("hidden_states");
        return states[..(states.Length / (Layers + 1))];
    }

    /// <summary>One class each, or the texts' unit embeddings.</summary>
    public float[][] Seeds(int count, float factor = 1)
    {
        if (Vision.OutputKind == VisionOutputKind.Logits) return [.. Enumerable.Range(0, count).Select(label => OneHot(Vision.Output!.Count, label, factor))];
        var texts = Expected.Floats("text_embeds");
        var width = texts.Length / count;
        return [.. Enumerable.Range(0, count).Select(text => Unit(texts.AsSpan(text * width, width), factor))];
    }

    /// <summary>How far a map is off, as a share of the largest value of its reference.</summary>
    public static float Error(ReadOnlySpan<float> expected, IEnumerable<double> actual) => Error(expected, [.. actual.Select(value => (float)value)], expected);

    public static float Error(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, ReadOnlySpan<float> all) =>
        ReferenceArrays.LargestDifference(expected, actual) / MathF.Abs(TensorPrimitives.MaxMagnitude(all));

    public async ValueTask DisposeAsync()
    {
        await Gradients.DisposeAsync();
        towers.Dispose();
    }

    private static float[] OneHot(int width, int place, float value)
    {
        var seed = new float[width];
        seed[place] = value;
        return seed;
    }

    public static float[] Unit(ReadOnlySpan<float> embedding, float factor)
    {
        var unit = embedding.ToArray();
        TensorPrimitives.Multiply(unit, factor / TensorPrimitives.Norm(embedding), unit);
        return unit;
    }
}
