using System.Text.Json;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Runtime.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Tests;

/// <summary>One export of a family of fixtures/models, as its expected.json describes it.</summary>
public sealed record FixtureVariant(string Family, string File)
{
    public ReferenceArrays Expected { get; } = ReferenceArrays.Expected(Family);
    public JsonElement Description => Expected.Root.GetProperty("variants").EnumerateArray().Single(variant => variant.GetProperty("file").GetString() == File);
    public float Tolerance => Description.GetProperty("tolerance").GetSingle();
    public string Precision => Description.GetProperty("precision").GetString()!;

    public int ExpectedSites(string tower) => Description.GetProperty("expected_sites").TryGetProperty(tower, out var sites) ? sites.GetInt32() : 0;

    public override string ToString() => $"{Family}/{File}";

    /// <summary>Whether the export can be tried; the repository has one or a few of each family.</summary>
    public bool IsPresent => SharedFixtures.AreWhole || System.IO.File.Exists(Path.Combine(SharedFixtures.RepositoryModels, Family, File));

    /// <summary>All variants of all families that have a vision tower, or all that are text towers of their own, as far as they are present.</summary>
    public static IEnumerable<FixtureVariant> All(bool vision) =>
        Listed().Where(variant => variant.IsPresent && variant.Description.GetProperty("expected_sites").TryGetProperty("vision", out _) == vision);

    /// <summary>All variants that the references of all families list.</summary>
    public static IEnumerable<FixtureVariant> Listed() =>
        from folder in Directory.GetDirectories(SharedFixtures.InShared("fixtures", "models")).Order(StringComparer.Ordinal)
        where System.IO.File.Exists(Path.Combine(folder, "expected.json"))
        let family = Path.GetFileName(folder)
        from variant in ReferenceArrays.Expected(family).Root.GetProperty("variants").EnumerateArray()
        select new FixtureVariant(family, variant.GetProperty("file").GetString()!);
}

/// <summary>Loads fixture models and runs them on the references' own inputs.</summary>
internal static class FixtureModels
{
    /// <summary>Of gradients that nothing was refused of yet.</summary>
    public static GradientFacts UntriedGradients => new(null, null, HeadReading.Token);

    public static SessionFactory Factory { get; } = new(new InferenceOptions { ExecutionProvider = ExecutionProvider.Cpu, ThreadsPerSession = 1 });

    public static ModelTowers Load(string family, params string[] files) =>
        TowerLoader.Load(ModelFolder.Open(SharedFixtures.Family(family), files), Factory);

    /// <summary>Values of the named tensors for one picture, in the order asked for.</summary>
    public static float[][] Run(VisionTower tower, float[] pixels, params IEnumerable<string> outputs)
    {
        using var input = Tensors.FromFloats(pixels, tower.InputShape, tower.InputType);
        using var options = new RunOptions();
        using var values = tower.Session.Run(options, [tower.InputName], [input], [.. outputs]);
        return [.. values.Select(Tensors.ToFloats)];
    }

    public static float[] Concat(IEnumerable<float[]> parts) => [.. parts.SelectMany(part => part)];
}
