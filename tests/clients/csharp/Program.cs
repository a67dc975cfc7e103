using Generated;

// usage: GeneratedClient ADDRESS PICTURE. Prints one line a call; clients.test.js reads them.
using var http = new HttpClient { BaseAddress = new Uri(args[0]) };
var client = new AttentionClient(http);
string[] labels = ["dog", "Кот"];

FileParameter Picture() => new(File.OpenRead(args[1]), "picture.png", "image/png");

var models = await client.ModelsAsync();
Console.WriteLine($"models {models.Models.Count} {models.Models.First().Grid?.Rows}");
Console.WriteLine($"methods {(await client.MethodsAsync()).Methods.First().Name}");
var predicted = await client.PredictAsync(labels: labels, image: Picture());
Console.WriteLine($"predict {string.Join(',', predicted.Predictions.Select(prediction => prediction.Label).Order(StringComparer.Ordinal))}");
var explained = await client.ExplainAsync(method: MethodChoice.Rollout, matrix: true, image: Picture());
Console.WriteLine($"explain {explained.Maps!.Count} {explained.Maps.First().Values.Count} {explained.Matrix!.Count} {explained.Parameters.HeadFusion}");
using var overlay = await client.OverlayAsync(colormap: ColormapChoice.Magma, image: Picture());
using var picture = new MemoryStream();
await overlay.Stream.CopyToAsync(picture);
Console.WriteLine($"overlay {Convert.ToHexString(picture.ToArray().AsSpan(0, 4))}");
try
{
    await client.ExplainAsync(fromLayer: 99, image: Picture());
}
catch (ApiException<Problem> refused)
{
    Console.WriteLine($"problem {refused.Result.Status} {refused.Result.Parameter}");
}
