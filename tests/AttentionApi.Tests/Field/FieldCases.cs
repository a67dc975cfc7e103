using System.Diagnostics;
using System.Text.Json.Nodes;
using AttentionApi.Core.Imaging;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Field;

/// <summary>
/// Asks what a folder of fixtures/field asks (its README defines the kinds) and compares with its expected.json. 'page' is left to the browser tests.
/// </summary>
internal sealed class FieldCases(FieldFolder folder, ITestOutputHelper output)
{
    /// <summary>Names of the cases that have something to ask of a server or of the command line.</summary>
    public static IEnumerable<string> Names(string folder)
    {
        var cases = JsonNode.Parse(File.ReadAllText(SharedFixtures.InShared("fixtures", "field", folder, "expected.json")))!["cases"]!.AsArray();
        return cases.Where(one => one!["asks"]!.AsArray().Any(ask => (string?)ask!["ask"] != "page")).Select(one => (string)one!["name"]!);
    }

    /// <summary>Asks everything of one case; all differences end in one failure, the measured ones are printed.</summary>
    public async Task RunAsync(string name)
    {
        var one = folder.Cases.Single(candidate => (string?)candidate["name"] == name);
        var failures = new List<string>();
        foreach (var ask in one["asks"]!.AsArray().Select(ask => ask!.AsObject()).Where(ask => (string?)ask["ask"] != "page"))
        {
            var comparison = new JsonComparison(folder.Tolerances);
            await AskAsync(one, ask, comparison);
            var title = $"{ask["ask"]} {ask["model"] ?? ask["path"]} {ask["query"]?.ToJsonString()}";
            output.WriteLine($"{title}: {comparison.Measured}");
            failures.AddRange(comparison.Differences.Take(5).Select(difference => $"{title}: {difference}"));
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private Task AskAsync(JsonObject one, JsonObject ask, JsonComparison comparison) => (string?)ask["ask"] switch
    {
        "explain" or "predict" => AskPictureAsync(one, ask, (string)ask["ask"]!, comparison),
        "model" => AskModelAsync(one, ask, comparison),
        "inspect" => AskInspectAsync(ask, comparison),
        "overlay" => AskOverlayAsync(one, ask, comparison),
        "head" => AskHeadAsync(one, ask, comparison),
        var other => throw new InvalidOperationException($"Nobody knows how to ask '{other}'."),
    };

    private async Task AskPictureAsync(JsonObject one, JsonObject ask, string call, JsonComparison comparison)
    {
        using var response = await SendAsync(one, ask, call);
        var status = (int?)ask["status"] ?? 200;
        if (RefusedAsAllowed(one, response, status) is { } names)
        {
            var detail = (string)(await response.ProblemAsync(400))["detail"]!;
            comparison.Differences.AddRange(names.Where(name => !detail.Contains(name, StringComparison.Ordinal)).Select(name =>
                $"the refusal does not name '{name}': {detail}"));
            return;
        }
        if ((int)response.StatusCode != status)
        {
            comparison.Differences.Add($"status {(int)response.StatusCode}, expected {status}: "
                + $"{await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            return;
        }
        var answer = status == 200 ? await response.JsonAsync() : await response.ProblemAsync(status);
        comparison.Compare(ask["expected"], answer);
        if ((bool?)ask["scoresAreSigmoids"] == true) CompareSigmoids(answer, comparison);
        foreach (var word in ask["warningNaming"]?.AsArray().Select(word => (string)word!) ?? [])
        {
            if (!answer.Warnings().Any(warning => warning.Contains(word, StringComparison.OrdinalIgnoreCase)))
                comparison.Differences.Add($"no warning has the word '{word}'");
        }
    }

    private static string[]? RefusedAsAllowed(JsonObject one, HttpResponseMessage response, int status) =>
        one["orRefusedNaming"] is { } names && status == 200 && (int)response.StatusCode == 400 ? names.Strings() : null;

    private static void CompareSigmoids(JsonObject answer, JsonComparison comparison)
    {
        foreach (var prediction in answer["predictions"]!.AsArray())
        {
            var sigmoid = new JsonObject { ["score"] = 1 / (1 + Math.Exp(-(double)prediction!["logit"]!)) };
            comparison.Compare(sigmoid, prediction, $".predictions({prediction["label"]})");
        }
    }

    private async Task AskModelAsync(JsonObject one, JsonObject ask, JsonComparison comparison)
    {
        (await SendAsync(one, ask, "explain")).Dispose();
        var client = await folder.ServeAsync(one, (string?)ask["model"]);
        using var response = await client.GetAsync($"{TestHost.Base}/models/{ask["model"]}", TestContext.Current.CancellationToken);
        var model = await response.JsonAsync();
        comparison.Compare(ask["expected"], model);
        var methods = model["methods"].Strings();
        foreach (var method in (ask["methodsWithout"]?.Strings() ?? []).Where(methods.Contains)) comparison.Differences.Add($"the method {method} is offered");
    }

    private async Task AskInspectAsync(JsonObject ask, JsonComparison comparison)
    {
        var start = new ProcessStartInfo("dotnet",
            [typeof(Program).Assembly.Location, "models", "inspect", "--json", Path.Combine(folder.ModelsPath, (string)ask["model"]!)])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (text, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (process.ExitCode != 0) comparison.Differences.Add($"exit code {process.ExitCode}: {await text}{await errors}");
        else comparison.Compare(ask["expected"], JsonNode.Parse(await text));
    }

    private async Task AskOverlayAsync(JsonObject one, JsonObject ask, JsonComparison comparison)
    {
        using var response = await SendAsync(one, ask, "explain/overlay");
        var overlay = ImageDecoder.Decode(await response.BytesAsync(), ImageLimits.Default, CancellationToken.None);
        foreach (var point in ask["points"]?.AsArray() ?? [])
        {
            var levels = (int)ask["levels"]!;
            var actual = Color(overlay, (int)point!["x"]!, (int)point["y"]!);
            var wanted = point["rgb"]!.AsArray().Select(level => (int)level!).ToArray();
            if (wanted.Zip(actual).Any(pair => Math.Abs(pair.First - pair.Second) > levels))
                comparison.Differences.Add($"({point["x"]},{point["y"]}) is {string.Join(',', actual)}, expected {string.Join(',', wanted)} within "
                    + $"{levels} levels");
        }
        if (ask["unchangedOutside"] is { } inside) CompareOutside(ask, overlay, inside, comparison);
    }

    private void CompareOutside(JsonObject ask, Raster overlay, JsonNode inside, JsonComparison comparison)
    {
        var picture = ImageDecoder.Decode(Picture(ask), ImageLimits.Default, CancellationToken.None);
        var (x, y, width, height) = ((double)inside["x"]!, (double)inside["y"]!, (double)inside["width"]!, (double)inside["height"]!);
        var changed = 0;
        for (var i = 0; i < picture.Width * picture.Height; i++)
        {
            var (column, row) = (i % picture.Width, i / picture.Width);
            var outside = column < x || column >= x + width || row < y || row >= y + height;
            if (outside && !Color(picture, column, row).SequenceEqual(Color(overlay, column, row))) changed++;
        }
        if (changed > 0) comparison.Differences.Add($"{changed} pixels outside of the map have changed");
    }

    private async Task AskHeadAsync(JsonObject one, JsonObject ask, JsonComparison comparison)
    {
        var client = await folder.ServeAsync(one, null);
        var path = (string)ask["path"]!;
        using var get = await client.GetAsync(path, TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var head = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await head.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        comparison.Compare(ask["expected"], new JsonObject { ["status"] = (int)head.StatusCode, ["body"] = body });
        var (type, wanted) = (head.Content.Headers.ContentType?.ToString(), get.Content.Headers.ContentType?.ToString());
        if (type != wanted) comparison.Differences.Add($"the content type is {type ?? "absent"}, GET has {wanted}");
    }

    private async Task<HttpResponseMessage> SendAsync(JsonObject one, JsonObject ask, string call)
    {
        var model = (string?)ask["model"];
        var client = await folder.ServeAsync(one, model);
        var query = (ask["query"]?.AsObject() ?? []).Append(new("model", model)).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value!.ToString())}");
        return await client.SendAsync($"{call}?{string.Join('&', query)}", Picture(ask));
    }

    private byte[] Picture(JsonObject ask) => File.ReadAllBytes(folder.At((string)ask["picture"]!));

    private static int[] Color(Raster picture, int x, int y) =>
        [.. picture.Rgb.AsSpan((y * picture.Width + x) * 3, 3).ToArray().Select(level => (int)level)];
}
