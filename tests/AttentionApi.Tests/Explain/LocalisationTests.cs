using System.Globalization;
using System.Text.Json;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Scoring;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Explain;

/// <summary>
/// How well the maps of every method lie on the object that the label names: GridPG (share of the positive values in the right quarter of a 2 × 2 mosaic,
/// chance 0.25) and the pointing game (the highest patch in the object's box). A short part of it runs with all tests; the whole table of docs/methods.md comes
/// from ATTENTION_LOCALISATION=whole.
/// </summary>
public class LocalisationTests(ITestOutputHelper output)
{
    private const int Cell = 224;

    private static readonly bool Whole = Environment.GetEnvironmentVariable("ATTENTION_LOCALISATION") == "whole";
    private static readonly ParameterTable Table = new(BuiltInMethods.Registry, PictureParameters.All);
    private static readonly PictureAnalyzer Analyzer = new(new ActivationCache(128 << 20));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Maps_lie_on_what_the_label_names_more_often_than_by_chance()
    {
        await using var vit = await LoadedModels.LoadAsync(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"));
        await using var clip = await LoadedModels.LoadAsync(SourceTree.DemoModel);
        var (photos, mosaics, scenes) = (PhotoMosaics(), StickerMosaics(), Scenes());
        var rows = new List<(string Method, double? Photos, double? Mosaics, double? Pointing)>();
        // Hundreds of runs a picture are for the whole table alone.
        var methods = BuiltInMethods.Registry.All.Where(method => method.Info.Picture == PictureKind.Maps);
        foreach (var method in methods.Where(method => Whole || !method.Info.NeedsAnswersAlone))
        {
            var row = (Method: method.Info.Name,
                Photos: await MeanAsync(vit, method, Some(photos), InQuarter),
                Mosaics: await MeanAsync(clip, method, Some(mosaics), InQuarter),
                Pointing: await MeanAsync(clip, method, Some(scenes), Points));
            if (row.Photos is not null || row.Pointing is not null) rows.Add(row);
        }
        output.WriteLine("| method | GridPG, photos | GridPG, stickers | pointing |\n|---|---|---|---|");
        foreach (var (method, photo, mosaic, pointing) in rows)
            output.WriteLine($"| `{method}` | {Number(photo)} | {Number(mosaic)} | {Number(pointing)} |");

        static IEnumerable<Case> Some(List<Case> all) => Whole ? all : all.Take(3);
        static string Number(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–";
        double Photos(string name) => rows.Single(row => row.Method == name).Photos!.Value;
        // Methods that know the label must do better than one that does not.
        Assert.All(["chefer", "libra", "decomposition"], name => Assert.True(Photos(name) > 0.3, $"{name}: {Photos(name)}"));
        Assert.True(rows.Single(row => row.Method == "alignment").Pointing > 0.5);
    }

    /// <summary>A picture, its labels, and where each lies, in pixels.</summary>
    private sealed record Case(byte[] Picture, IReadOnlyList<(string Label, double X, double Y, double Width, double Height)> Objects);

    private static async Task<double?> MeanAsync(
        LoadedModel model, Explainer method, IEnumerable<Case> cases, Func<Heatmap, Region, (double X, double Y, double Width, double Height), double> judge)
    {
        if (method.Refusal(model.Facts) is not null) return null;
        var values = new List<double>();
        foreach (var (picture, objects) in cases)
        {
            // Similarity is to a patch that somebody has to choose.
            var labels = objects.Select(thing => thing.Label).Distinct().ToArray();
            if (method.Info.Labels == LabelUse.Unused && method.Info.Layers == LayerUse.None) return null;
            var (set, seen) = await ExplainAsync(model, method, picture, labels);
            foreach (var (label, x, y, width, height) in objects)
                values.Add(judge(set.Maps.Last(map => map.Label is null || map.Label == label), seen, (x, y, width, height)));
        }
        return values.Average();
    }

    private static async Task<(MapSet Set, Region Seen)> ExplainAsync(LoadedModel model, Explainer method, byte[] picture, string[] labels)
    {
        (string Name, string[] Values)[] pairs = [("method", [method.Info.Name]), ("label", labels)];
        var given = ParameterValues.Read(pairs.Select(pair => KeyValuePair.Create(pair.Name, (IEnumerable<string?>)pair.Values)), Table.All, Table.All);
        var plan = new ExplanationPlan(new ExplainRequest(Table, given, Outputs.Json, Table.All, LabelLimits.Default), model.Facts);
        var inspection = new Inspection(model, Analyzer, new Picture(picture, ImageLimits.Default), plan.Labels, new StageTimings());
        var explanation = await Explanation.BeginAsync(plan, inspection, Cancellation);
        return (await explanation.MapsAsync(Cancellation), inspection.Analysis.Seen);
    }

    /// <summary>The share of the positive values in the object's rectangle.</summary>
    private static double InQuarter(Heatmap map, Region seen, (double X, double Y, double Width, double Height) box)
    {
        double inside = 0, all = 0;
        for (var patch = 0; patch < map.Values.Length; patch++)
        {
            var value = Math.Max(0, map.Values[patch]);
            all += value;
            if (Lies(map, seen, box, patch)) inside += value;
        }
        return all > 0 ? inside / all : 0;
    }

    /// <summary>1 where the centre of the highest patch lies in the object's box.</summary>
    private static double Points(Heatmap map, Region seen, (double X, double Y, double Width, double Height) box) =>
        Lies(map, seen, box, Array.IndexOf(map.Values, map.Maximum)) ? 1 : 0;

    private static bool Lies(Heatmap map, Region seen, (double X, double Y, double Width, double Height) box, int patch)
    {
        var x = seen.X + (patch % map.Columns + 0.5) / map.Columns * seen.Width;
        var y = seen.Y + (patch / map.Columns + 0.5) / map.Rows * seen.Height;
        return x >= box.X && x < box.X + box.Width && y >= box.Y && y < box.Y + box.Height;
    }

    /// <summary>Each photo in each quarter in turn, the others one after the other in the rest. The classes are what the model answers to the photo
    /// alone: Egyptian cat, football helmet (an astronaut's), suit.</summary>
    private static List<Case> PhotoMosaics()
    {
        (Raster Picture, string Class)[] photos =
        [
            (Read("fixtures", "real-vit", "chelsea.png"), "285"), (Read("fixtures", "real-vit", "astronaut.jpg"), "560"),
            (Read("fixtures", "clip-preprocess", "franz-kafka.jpg"), "834"),
        ];
        return [.. from place in Enumerable.Range(0, 4) from photo in Enumerable.Range(0, photos.Length)
            let others = photos.Where((_, index) => index != photo).ToArray()
            select new Case(
                Mosaic([.. Enumerable.Range(0, 4).Select(quarter => quarter == place ? photos[photo].Picture : others[quarter % others.Length].Picture)]),
                [Quarter(photos[photo].Class, place)])];
    }

    /// <summary>Four different stickers, cut out of their scenes.</summary>
    private static List<Case> StickerMosaics()
    {
        var stickers = Scenes().SelectMany(scene => scene.Objects, (scene, thing) => (scene.Picture, Thing: thing)).DistinctBy(sticker => sticker.Thing.Label);
        return [.. stickers.Chunk(4).Where(four => four.Length == 4).Select(four => new Case(
            Mosaic([.. four.Select(sticker => Cut(Decode(sticker.Picture), sticker.Thing))]),
            [.. four.Select((sticker, place) => Quarter(sticker.Thing.Label, place))]))];
    }

    private static Raster Cut(Raster picture, (string Label, double X, double Y, double Width, double Height) box)
    {
        var (left, top, width, height) = ((int)box.X, (int)box.Y, (int)box.Width, (int)box.Height);
        var pixels = new byte[3 * width * height];
        for (var y = 0; y < height; y++) picture.Row(top + y).Slice(3 * left, 3 * width).CopyTo(pixels.AsSpan(3 * y * width));
        return new Raster(width, height, pixels);
    }

    private static List<Case> Scenes()
    {
        var folder = SharedFixtures.InShared("fixtures", "scenes");
        using var scenes = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "scenes.json")));
        return [.. scenes.RootElement.EnumerateArray().Take(30).Select(scene => new Case(
            File.ReadAllBytes(Path.Combine(folder, scene.GetProperty("file").GetString()!)),
            [.. scene.GetProperty("objects").EnumerateArray().Select(thing =>
            {
                double[] box = [.. thing.GetProperty("box").EnumerateArray().Select(edge => edge.GetDouble())];
                return (thing.GetProperty("label").GetString()!, box[0], box[1], box[2], box[3]);
            })]))];
    }

    private static (string, double, double, double, double) Quarter(string label, int place) => (label, place % 2 * Cell, place / 2 * Cell, Cell, Cell);

    private static DecodedImage Read(params ReadOnlySpan<string> path) => Decode(File.ReadAllBytes(SharedFixtures.InShared(path)));

    private static DecodedImage Decode(byte[] file) => ImageDecoder.Decode(file, ImageLimits.Default, Cancellation);

    /// <summary>Four pictures, cut to squares, in the quarters of one.</summary>
    private static byte[] Mosaic(Raster[] four)
    {
        var pixels = new byte[3 * 4 * Cell * Cell];
        for (var y = 0; y < 2 * Cell; y++)
        {
            for (var x = 0; x < 2 * Cell; x++)
            {
                var picture = four[y / Cell * 2 + x / Cell];
                var side = Math.Min(picture.Width, picture.Height);
                var (column, row) = ((picture.Width - side) / 2 + x % Cell * side / Cell, (picture.Height - side) / 2 + y % Cell * side / Cell);
                picture.Row(row).Slice(3 * column, 3).CopyTo(pixels.AsSpan(3 * (y * 2 * Cell + x)));
            }
        }
        return TestPictures.Png(new Raster(2 * Cell, 2 * Cell, pixels));
    }
}
