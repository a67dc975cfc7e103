using System.Diagnostics;
using System.Text.Json.Nodes;
using AttentionApi.Tests.Faults;

namespace AttentionApi.Tests.Api;

/// <summary>Several pictures in one request, a line of JSON for each.</summary>
public sealed class BatchTests(ApiHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<JsonObject[]> LinesAsync(HttpResponseMessage answer)
    {
        var text = System.Text.Encoding.UTF8.GetString(await answer.BytesAsync());
        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType?.ToString());
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject());
        return [.. lines.OrderBy(line => (int)line["index"]!)];
    }

    private static MultipartFormDataContent Form(params byte[][] pictures)
    {
        var form = new MultipartFormDataContent();
        foreach (var (index, picture) in pictures.Index()) form.Add(Pictures.Raw(picture), "image", $"picture {index}.png");
        return form;
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string query, HttpContent form) =>
        client.PostAsync($"{TestHost.Base}/explain/batch?{query}", form, Cancellation);

    [Fact]
    public async Task Each_picture_is_answered_as_explain_answers_it_alone()
    {
        using var client = await host.ReadyAsync();
        byte[][] pictures = [.. Enumerable.Range(0, 5).Select(Pictures.Sample)];
        const string query = "method=alignment&labels=dog,car&fromLayer=2";
        using var answer = await SendAsync(client, query, Form(pictures));
        var lines = await LinesAsync(answer);
        Assert.Equal(pictures.Select((_, index) => (index, $"picture {index}.png")), lines.Select(line => ((int)line["index"]!, (string)line["name"]!)));
        foreach (var (line, picture) in lines.Zip(pictures))
        {
            using var alone = await client.SendAsync($"explain?{query}", picture);
            var other = await alone.JsonAsync();
            Assert.All(["index", "name"], member => Assert.True(line.Remove(member)));
            Assert.All(["timings", "modelRuns"], member => Assert.True(line.Remove(member) && other.Remove(member)));
            Assert.Equal(other.ToJsonString(), line.ToJsonString());
        }
    }

    [Fact]
    public async Task A_picture_that_cannot_be_explained_is_a_line_with_its_problem_and_the_rest_goes_on()
    {
        using var client = await host.ReadyAsync();
        using var answer = await SendAsync(client, "", Form(Pictures.Sample(0), Pictures.DogAndCar[..1000], "GIF89a"u8.ToArray(), [], Pictures.Sample(1)));
        var lines = await LinesAsync(answer);
        Assert.Equal([0, 422, 415, 415, 0], lines.Select(line => (int?)line["problem"]?["status"] ?? 0));
        Assert.All(lines, line => Assert.Equal(line["problem"] is null, line["maps"] is not null));
        Assert.All(lines.Where(line => line["problem"] is not null), line => Assert.Equal(["index", "name", "problem"], line.Select(member => member.Key)));
        Assert.Equal("image", (string?)lines[1]["problem"]!["parameter"]);
    }

    [Fact]
    public async Task A_picture_without_a_name_has_none_in_its_line()
    {
        using var client = await host.ReadyAsync();
        using var answer = await client.SendAsync("explain/batch");
        var line = Assert.Single(await LinesAsync(answer));
        Assert.Equal(["index", "name", "model"], line.Select(member => member.Key).Take(3));
        Assert.Null(line["name"]);
    }

    [Fact]
    public async Task Wrong_parameters_refuse_the_batch_wherever_they_stand()
    {
        using var client = await host.ReadyAsync();
        using (var query = await SendAsync(client, "fromLayer=99", Form(Pictures.Sample(0)))) await query.ProblemAsync(400, "fromLayer");
        using var form = Form(Pictures.Sample(0), Pictures.Sample(1));
        form.Add(new StringContent("none"), "method");
        using (var field = await SendAsync(client, "", form)) await field.ProblemAsync(400, "method");
        using (var nothing = await SendAsync(client, "", new MultipartFormDataContent())) await nothing.ProblemAsync(400, "image");
        using (var unknown = await SendAsync(client, "model=none", Form(Pictures.Sample(0)))) await unknown.ProblemAsync(404, "model");
    }

    [Fact]
    public async Task Lines_are_sent_when_they_are_ready_and_other_callers_find_slots_meanwhile()
    {
        using var models = new ServedModels();
        await using var host = await models.ServeAsync(("Limits:MaxConcurrent", 2), ("Limits:MaxPictures", 40));
        var pictures = Enumerable.Range(0, 40).Select(index => Pictures.Raw([.. Pictures.Fixture, (byte)index]));
        var form = new MultipartFormDataContent();
        foreach (var picture in pictures) form.Add(picture, "image", "a.png");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{TestHost.Base}/explain/batch?score=true&steps=16") { Content = form };
        using var answer = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancellation));
        var began = Stopwatch.GetTimestamp();
        Assert.NotNull(await reader.ReadLineAsync(Cancellation));
        var first = Stopwatch.GetElapsedTime(began);
        // One of two slots is left to others, all the time.
        await host.MustExplainAsync();
        var rest = 0;
        while (await reader.ReadLineAsync(Cancellation) is { Length: > 0 } line)
        {
            Assert.NotNull(JsonNode.Parse(line)!["maps"]);
            rest++;
        }
        Assert.Equal(39, rest);
        Assert.True(first < Stopwatch.GetElapsedTime(began) / 3, "The first line came with the last ones.");

        using var more = await host.Client.PostAsync($"{TestHost.Base}/explain/batch", Form([.. Enumerable.Repeat(Pictures.Fixture, 41)]), Cancellation);
        var problem = await more.ProblemAsync(400, "image");
        Assert.Contains("Limits:MaxPictures", (string)problem["detail"]!, StringComparison.Ordinal);
    }
}
