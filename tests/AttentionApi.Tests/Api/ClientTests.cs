using System.Net;
using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Api;

/// <summary>Habits of clients that we did not write: parameters in forms, lists with brackets, compressed answers, kept files.</summary>
public sealed class ClientTests(ApiHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parameters_may_come_in_the_form_in_any_language()
    {
        using var client = await host.ReadyAsync();
        using var form = Pictures.Form(Pictures.DogAndCar);
        form.Add(new StringContent("Кот,dog"), "labels");
        form.Add(new StringContent("demo-clip"), "model");
        form.Add(new StringContent("2"), "toLayer");
        using var response = await client.PostAsync($"{TestHost.Base}/explain?fromLayer=2", form, Cancellation);
        var parameters = (await response.JsonAsync())["parameters"]!;
        Assert.Equal(["Кот", "dog"], parameters["labels"].Strings());
        Assert.Equal((2, 2), ((int)parameters["fromLayer"]!, (int)parameters["toLayer"]!));
    }

    [Theory]
    [InlineData("labels", "given in the query and in the form")]
    [InlineData("Labels", "given in the query and in the form")]
    [InlineData("lables", "the nearest is 'labels'")]
    public async Task A_field_of_the_form_that_the_query_has_too_or_that_nobody_knows_is_a_400(string field, string reason)
    {
        using var client = await host.ReadyAsync();
        using var form = Pictures.Form(Pictures.DogAndCar);
        form.Add(new StringContent("dog"), field);
        using var response = await client.PostAsync($"{TestHost.Base}/explain?labels=cat", form, Cancellation);
        Assert.Contains(reason, (string)(await response.ProblemAsync(400))["detail"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("label=a cat, black&label=dog")]
    [InlineData("label[]=a cat, black&label[]=dog")]
    [InlineData("labels[]=a cat, black&labels[]=dog")]
    [InlineData("label=a cat, black&labels=dog")]
    [InlineData("labels=\"a cat, black\",dog")]
    public async Task Labels_may_come_one_by_one_as_they_are(string query)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}");
        Assert.Equal(["a cat, black", "dog"], (await response.JsonAsync())["parameters"]!["labels"].Strings());
    }

    [Theory]
    [InlineData("label=\"quoted\"", "\"quoted\"")]
    [InlineData("prompt[]={}, painted&labels=dog", "dog")]
    public async Task What_is_taken_as_it_is_keeps_its_quotes_and_commas(string query, string label)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?{query}");
        Assert.Equal([label], (await response.JsonAsync())["parameters"]!["labels"].Strings());
    }

    [Fact]
    public async Task Brackets_behind_a_name_that_is_no_list_are_a_400()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain?toLayer[]=2");
        await response.ProblemAsync(400, "toLayer[]");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Numbers_and_page_files_are_compressed_for_those_who_accept_it(string coding)
    {
        using var client = await host.ReadyAsync();
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd(coding);
        using var matrix = await client.SendAsync("explain?matrix=true");
        using var page = await client.GetAsync("/", Cancellation);
        Assert.All([matrix, page], answer => Assert.Equal([coding], answer.Content.Headers.ContentEncoding));
        Assert.InRange((await matrix.Content.ReadAsByteArrayAsync(Cancellation)).Length, 10_000, 300_000);
    }

    [Theory]
    [InlineData("explain/tensors")]
    [InlineData("explain/overlay")]
    public async Task Files_that_do_not_shrink_are_sent_as_they_are(string call)
    {
        using var client = await host.ReadyAsync();
        client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("gzip, br");
        using var response = await client.SendAsync(call);
        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal((await response.BytesAsync()).Length, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task A_page_file_that_the_caller_has_is_not_sent_again()
    {
        using var client = host.CreateClient();
        foreach (var coding in (string[])["identity", "gzip"])
        {
            client.DefaultRequestHeaders.AcceptEncoding.Clear();
            client.DefaultRequestHeaders.AcceptEncoding.ParseAdd(coding);
            using var first = await client.GetAsync("/js/main.js", Cancellation);
            // What is packed while it is sent is not the file byte by byte.
            Assert.Equal(coding != "identity", first.Headers.ETag!.IsWeak);
            using var again = new HttpRequestMessage(HttpMethod.Get, "/js/main.js") { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
            using var second = await client.SendAsync(again, Cancellation);
            Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        }
    }

    [Fact]
    public async Task Ranges_of_a_file_are_served_and_one_behind_its_end_is_a_416()
    {
        using var client = host.CreateClient();
        using var part = await RangeAsync(client, 0, 9);
        Assert.Equal((HttpStatusCode.PartialContent, 10), (part.StatusCode, (await part.Content.ReadAsByteArrayAsync(Cancellation)).Length));
        using var behind = await RangeAsync(client, 10_000_000, 10_000_001);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, behind.StatusCode);
        Assert.True(behind.Content.Headers.ContentRange is { HasLength: true, HasRange: false });
        Assert.Contains("bytes", (string)(await behind.ProblemAsync(416))["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Part_of_a_file_that_has_changed_since_is_the_whole_file_again()
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/samples/scene-02.png") { Headers = { Range = new(0, 9), IfRange = new("\"older\"") } };
        using var whole = await client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
    }

    [Fact]
    public async Task Health_and_document_say_the_version()
    {
        using var client = host.CreateClient();
        var health = JsonNode.Parse(await client.GetStringAsync("/healthz", Cancellation))!;
        var document = JsonNode.Parse(await client.GetStringAsync("/swagger/v1/swagger.json", Cancellation))!;
        Assert.Matches(@"^\d+\.\d+\.\d+", (string)health["version"]!);
        Assert.Equal((string)health["version"]!, (string)document["info"]!["version"]!);
    }

    private static async Task<HttpResponseMessage> RangeAsync(HttpClient client, long from, long to)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/samples/scene-02.png") { Headers = { Range = new(from, to) } };
        return await client.SendAsync(request, Cancellation);
    }
}
