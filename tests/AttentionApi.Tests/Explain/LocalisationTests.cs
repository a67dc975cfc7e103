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
/// chance 0.25) and the pointing game (the highest patch in the object's box). What is found is compared with the table in docs/methods.md: the column that
/// is cheap always, all columns with ATTENTION_LOCALISATION=whole, or of some methods with their names in its place.
/// </summary>
public class LocalisationTests(ITestOutputHelper output)
{
    private const int Cell = 224;

    private static readonly string? Asked = Environment.GetEnvironmentVariable("ATTENTION_LOCALISATION");
    private static readonly ParameterTable Table = new(BuiltInMethods.Registry, PictureParameters.All);
    private static readonly PictureAnalyzer Analyzer = new(new ActivationCache(128 << 20));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Of a table: what one model's maps are judged by.</summary>
    private sealed record Column(string Title, LoadedModel Model, IReadOnlyList<Case> Cases, Judge Judge, bool Cheap = false);

    private delegate double Judge(Heatmap map, Region seen, (double X, double Y, double Width, double Height) box);

    [Fact]
    public async Task Maps_lie_on_what_the_label_names_as_often_as_the_documentation_says()
    {
        await using var vit = await LoadedModels.LoadAsync(SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf"));
        await using var clip = await LoadedModels.LoadAsync(SourceTree.DemoModel);
        var cat = Read("fixtures", "real-vit", "chelsea.png");
        var astronaut = Read("fixtures", "real-vit", "astronaut.jpg");
        var kafka = Read("fixtures", "clip-preprocess", "franz-kafka.jpg");
        // Classes of ImageNet are what the model answers to the photo alone: Egyptian cat, football helmet (an astronaut's), suit.
        Column[] columns =
        [
            new("GridPG, photos, ViT-Ti", vit, PhotoMosaics((cat, "285"), (astronaut, "560"), (kafka, "834")), InQuarter),
            // It has no word for the astronaut.
            new("GridPG, photos, demo-clip", clip, PhotoMosaics((cat, "cat"), (kafka, "jacket"), (astronaut, null)), InQuarter, Cheap: true),
            new("GridPG, stickers", clip, StickerMosaics(), InQuarter),
            new("pointing", clip, Scenes(), Points),
        ];
        // Hundreds of runs a picture are for the whole table alone.
        var methods = BuiltInMethods.Registry.All.Where(method => method.Info.Picture == PictureKind.Maps
            && (Asked is null ? !method.Info.NeedsAnswersAlone : Asked == "whole" || Asked.Split(',').Contains(method.Info.Name)));
        var (documented, wrong) = (Documented(), new List<string>());
        foreach (var method in methods)
        {
            var name = method.Info.Name;
            foreach (var (column, said) in columns.Zip(documented[name]).Where(column => Asked is not null || column.First.Cheap))
            {
                var found = await MeanAsync(column, method);
                var sentence = $"{name}, {column.Title}, {column.Cases.Count} pictures: {Number(found)}, documented {Number(said)}";
                output.WriteLine(sentence);
                if (said is null != found is null || Math.Abs(said - found ?? 0) > 0.015) wrong.Add(sentence);
            }
            // Methods that know the label must do better than those that do not.
            if (name is "chefer" or "libra" or "decomposition")
                Assert.InRange(await MeanAsync(columns[0] with { Cases = [.. columns[0].Cases.Take(3)] }, method) ?? 0, 0.3, 1);
        }
        Assert.Empty(wrong);

        static string Number(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–";
    }

    /// <summary>The table in docs/methods.md, by method.</summary>
    private static Dictionary<string, double?[]> Documented() =>
        File.ReadLines(Path.Combine(SourceTree.Root, "docs", "methods.md")).SkipWhile(line => line != "### Which method lies on the object")
            .SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')).Skip(2).Select(line => line.Trim('|').Split('|'))
            .ToDictionary(cells => cells[0].Trim(' ', '`'), cells => (double?[])[.. cells[1..].Select(cell =>
                double.TryParse(cell, CultureInfo.InvariantCulture, out var number) ? number : (double?)null)]);

    /// <summary>A picture, its labels, and where each lies, in pixels.</summary>
    private sealed record Case(byte[] Picture, IReadOnlyList<(string Label, double X, double Y, double Width, double Height)> Objects);

    /// <summary>Null where the model cannot serve the method, or the measure says nothing of it.</summary>
    private static async Task<double?> MeanAsync(Column column, Explainer method)
    {
        if (method.Refusal(column.Model.Facts) is not null) return null;
        // Compares all patches with one: its highest patch is that one.
        var fromPatch = method.Info is { Labels: LabelUse.Unused, Layers: LayerUse.None };
        if (fromPatch && column.Judge == Points) return null;
        var values = new List<double>();
        foreach (var (picture, objects) in column.Cases)
        {
            var labels = objects.Select(thing => thing.Label).Distinct().ToArray();
            var explained = fromPatch ? default : await ExplainAsync(column.Model, method, picture, labels, null);
            foreach (var (label, x, y, width, height) in objects)
            {
                var (set, seen) = fromPatch ? await ExplainAsync(column.Model, method, picture, labels, (x + width / 2, y + height / 2)) : explained;
                values.Add(column.Judge(set.Maps.Last(map => map.Label is null || map.Label == label), seen, (x, y, width, height)));
            }
        }
        return values.Average();
    }

    /// <param name="model">The model.</param>
    /// <param name="method">The method.</param>
    /// <param name="picture">A square one, of which the model sees all.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="from">Where the patch lies with which the others are compared, in pixels; null: there is none.</param>
    private static async Task<(MapSet Set, Region Seen)> ExplainAsync(LoadedModel model, Explainer method, byte[] picture, string[] labels,
        (double X, double Y)? from)
    {
        List<(string Name, string[] Values)> pairs = [("method", [method.Info.Name]), ("label", labels)];
        if (from is { } at)
        {
            var (grid, side) = (model.Facts.Tokens.Grid, (double)Decode(picture).Width);
            pairs.Add(("query", [string.Create(CultureInfo.InvariantCulture, $"{(int)(at.Y / side * grid.Rows)},{(int)(at.X / side * grid.Columns)}")]));
        }
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

    /// <summary>Each photo that has a label in each quarter in turn, the others one after the other in the rest.</summary>
    private static List<Case> PhotoMosaics(params (Raster Picture, string? Label)[] photos) =>
    [
        .. from place in Enumerable.Range(0, 4) from photo in photos where photo.Label is not null
           let others = photos.Where(other => other != photo).ToArray()
           select new Case(Mosaic([.. Enumerable.Range(0, 4).Select(quarter => quarter == place ? photo.Picture : others[quarter % others.Length].Picture)]),
               [Quarter(photo.Label, place)]),
    ];

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
