// Explains a picture with the first model of a folder: dotnet run --project samples/ExplainPicture -- models cat.jpg cat,dog
using AttentionApi.Core;

if (args is not [var folder, var picture, var labels])
{
    await Console.Error.WriteLineAsync("Usage: ExplainPicture MODELS-FOLDER PICTURE LABEL,LABEL…");
    return 1;
}

await using var models = ModelLibrary.Open(folder);
using var explained = await models.ExplainAsync(picture, new Dictionary<string, string> { ["method"] = "alignment", ["labels"] = labels });
foreach (var prediction in await explained.PredictAsync()) Console.WriteLine(FormattableString.Invariant($"{prediction.Label}: {prediction.Score:P1}"));
await File.WriteAllBytesAsync("overlay.png", await explained.OverlayAsync());
return 0;
