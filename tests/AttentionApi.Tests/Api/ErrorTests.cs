using System.Net;
using System.Net.Http.Headers;

namespace AttentionApi.Tests.Api;

/// <summary>Each row of the contract's table of errors.</summary>
public class ErrorTests(ApiHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("explain?fromLayer={layers+1}", "fromLayer")]
    [InlineData("explain?toLayer={layers+1}", "toLayer")]
    [InlineData("explain?fromLayer=2&toLayer=1", "fromLayer")]
    [InlineData("explain?head={heads+1}", "head")]
    [InlineData("explain?head=1&heads=each", "heads")]
    [InlineData("explain?query={side},0", "query")]
    [InlineData("explain?query=0,{side}", "query")]
    [InlineData("explain?labels=cat,CAT", "labels")]
    [InlineData("explain?target=cat", "target")]
    [InlineData("explain?labels=cat,dog&target=bird", "target")]
    [InlineData("explain?prompt=photo&labels=cat", "prompt")]
    [InlineData("explain?matrix=true&method=attention", "matrix")]
    [InlineData("explain?matrix=true&heads=each", "matrix")]
    [InlineData("explain?method=gradcam", "method")]
    [InlineData("explain?colour=red", "colour")]
    [InlineData("explain?method=alignment", "labels")]
    [InlineData("explain?method=alignment&labels=cat&view=centered", "view")]
    [InlineData("explain?method=alignment&labels=cat&view=softmax", "view")]
    [InlineData("predict", "labels")]
    [InlineData("explain/overlay?heads=each", "heads")]
    [InlineData("explain/overlay?format=gif", "format")]
    [InlineData("explain/animation?heads=each", "heads")]
    [InlineData("explain/animation?format=png", "format")]
    [InlineData("explain/animation?method=attention&frames=cumulative", "frames")]
    [InlineData("explain/animation?delay=15", "delay")]
    [InlineData("explain/grid?method=attention&heads=each&size=4096", "size")]
    [InlineData("explain/tensors?dtype=int8", "dtype")]
    public async Task A_wrong_parameter_is_a_400_that_names_it(string call, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(Demo.Fill(call));
        await response.ProblemAsync(400, parameter);
    }

    [Fact]
    public async Task More_labels_than_the_limit_are_a_400()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?labels={string.Join(',', Enumerable.Range(0, 65).Select(i => $"thing{i}"))}");
        await response.ProblemAsync(400, "labels");
    }

    [Fact]
    public async Task A_label_that_would_be_truncated_is_a_400()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?labels={string.Join(' ', Enumerable.Repeat("dog", Demo.TextPositions))}");
        await response.ProblemAsync(400, "labels");
    }

    [Fact]
    public async Task More_panels_than_sixteen_are_a_400()
    {
        using var client = await host.ReadyAsync();
        var labels = string.Join(',', Enumerable.Range(0, 17).Select(i => $"thing{i}"));
        using var response = await client.SendAsync($"explain/animation?method=alignment&panels=labels&labels={labels}");
        await response.ProblemAsync(400, "panels");
    }

    [Fact]
    public async Task A_missing_picture_is_a_400()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.PostAsync($"{TestHost.Base}/explain", null, Cancellation);
        await response.ProblemAsync(400, "image");
    }

    [Fact]
    public async Task Parameters_are_checked_before_the_picture()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(Demo.Fill("explain?fromLayer={layers+1}"), [1, 2, 3]);
        await response.ProblemAsync(400, "fromLayer");
    }

    [Fact]
    public async Task A_name_in_query_and_form_and_an_unknown_field_are_a_400()
    {
        using var client = await host.ReadyAsync();
        foreach (var (call, field) in new[] { ("explain?labels=cat", "labels"), ("explain", "colour") })
        {
            using var form = Pictures.Form(Pictures.DogAndCar);
            form.Add(new StringContent("cat"), field);
            using var response = await client.PostAsync($"{TestHost.Base}/{call}", form, Cancellation);
            await response.ProblemAsync(400, field);
        }
    }

    [Theory]
    [InlineData("/api/v1/models/none")]
    [InlineData("/api/v1/models/..%2f..%2fetc")]
    [InlineData("/api/v2/models")]
    [InlineData("/api/v1/explain/none")]
    [InlineData("/nothing")]
    public async Task An_unknown_path_is_a_404(string path)
    {
        using var client = host.CreateClient();
        using var response = await client.GetAsync(path, Cancellation);
        await response.ProblemAsync(404);
    }

    [Fact]
    public async Task An_unknown_model_is_a_404_that_names_the_nearest()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain?model=demo-klip");
        var problem = await response.ProblemAsync(404, "model");
        Assert.Contains("'demo-clip'", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/api/v1/explain")]
    [InlineData("PUT", "/api/v1/explain/overlay")]
    [InlineData("POST", "/api/v1/models")]
    [InlineData("DELETE", "/readyz")]
    [InlineData("POST", "/")]
    [InlineData("PUT", "/js/main.js")]
    public async Task A_wrong_verb_is_a_405_that_names_the_right_one(string verb, string path)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        using var response = await client.SendAsync(request, Cancellation);
        await response.ProblemAsync(405);
        Assert.NotEmpty(response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("explain/overlay", "text/plain")]
    [InlineData("explain/grid", "image/gif")]
    [InlineData("explain/animation", "image/png")]
    public async Task No_acceptable_format_is_a_406(string call, string accept)
    {
        using var client = await host.ReadyAsync();
        client.DefaultRequestHeaders.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        using var response = await client.SendAsync(call);
        await response.ProblemAsync(406);
    }

    [Fact]
    public async Task A_request_line_over_64_KiB_is_a_414()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain?labels={new string('a', 66_000)}");
        await response.ProblemAsync(414);
    }

    [Theory]
    [InlineData("this is no picture, although it says so")]
    [InlineData("GIF89a and then some more bytes")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("II*\0 a TIFF's first bytes")]
    public async Task Bytes_that_are_no_picture_of_ours_are_a_415(string bytes)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain", System.Text.Encoding.Latin1.GetBytes(bytes));
        await response.ProblemAsync(415);
    }

    [Fact]
    public async Task A_body_of_another_kind_is_a_415()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.PostAsync($"{TestHost.Base}/explain",
            new StringContent("{}", MediaTypeHeaderValue.Parse("application/json")), Cancellation);
        await response.ProblemAsync(415);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public async Task A_truncated_picture_is_a_422(double kept)
    {
        using var client = await host.ReadyAsync();
        var picture = Pictures.DogAndCar;
        using var response = await client.SendAsync("explain", picture[..(int)(picture.Length * kept)]);
        await response.ProblemAsync(422);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_a_413()
    {
        using var client = await host.ReadyAsync();
        foreach (HttpContent content in new HttpContent[] { Pictures.Raw(new byte[21 * 1024 * 1024]), Pictures.Form(new byte[21 * 1024 * 1024]) })
        {
            using var response = await client.PostAsync($"{TestHost.Base}/explain", content, Cancellation);
            var problem = await response.ProblemAsync(413);
            Assert.StartsWith("The body is larger than 20 MiB (Limits:MaxBodyBytes); ", (string)problem["detail"]!, StringComparison.Ordinal);
            Assert.True(response.Headers.ConnectionClose, "The rest of the body is not read.");
            content.Dispose();
        }
    }

    [Fact]
    public async Task Every_answer_has_a_request_id_and_the_stages()
    {
        using var client = await host.ReadyAsync();
        foreach (var call in (string[])["explain", "explain?colour=red", "nothing"])
        {
            using var response = await client.SendAsync(call);
            Assert.NotEmpty(Assert.Single(response.Headers.GetValues("X-Request-Id")));
            var timing = Assert.Single(response.Headers.GetValues("Server-Timing"));
            Assert.All(["decode", "preprocess", "queue", "inference", "explain", "total"], stage =>
                Assert.Matches($@"(^|, ){stage};dur=\d+(\.\d+)?(,|$)", timing));
        }
    }

    [Fact]
    public async Task A_callers_own_request_id_comes_back_unless_it_is_strange()
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Add("X-Request-Id", "order-66.a_b");
        using var response = await client.GetAsync("/healthz", Cancellation);
        Assert.Equal("order-66.a_b", response.Headers.GetValues("X-Request-Id").Single());

        client.DefaultRequestHeaders.Remove("X-Request-Id");
        client.DefaultRequestHeaders.Add("X-Request-Id", "<script>");
        using var other = await client.GetAsync("/healthz", Cancellation);
        Assert.NotEqual("<script>", other.Headers.GetValues("X-Request-Id").Single());
    }

    [Theory]
    [InlineData("/", false)]
    [InlineData("/healthz", false)]
    [InlineData("/swagger/index.html", true)]
    public async Task Browsers_are_told_to_run_nothing_foreign(string path, bool inlineStyles)
    {
        using var client = host.CreateClient();
        using var response = await client.GetAsync(path, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'self';", policy, StringComparison.Ordinal);
        Assert.Equal(inlineStyles, policy.Contains("'unsafe-inline'", StringComparison.Ordinal));
        Assert.DoesNotContain("script-src", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task A_damaged_picture_among_a_hundred_right_ones_harms_none_of_them()
    {
        using var client = await host.ReadyAsync();
        var pictures = ((int[])[0, 1, 2, 3, 4]).Select(Pictures.Sample).ToArray();
        using var before = await client.SendAsync("predict?labels=dog,car", pictures[0]);
        var expected = (await before.JsonAsync())["predictions"]!.ToJsonString();
        var damaged = pictures[0][..^200];

        var answers = await Task.WhenAll(Enumerable.Range(0, 101).Select(async i =>
        {
            using var response = await client.SendAsync("predict?labels=dog,car", i == 50 ? damaged : pictures[i % pictures.Length]);
            if (i == 50) return (await response.ProblemAsync(422)).ToJsonString();
            var predictions = (await response.JsonAsync())["predictions"]!.ToJsonString();
            if (i % pictures.Length == 0) Assert.Equal(expected, predictions);
            return predictions;
        }));
        Assert.Equal(101, answers.Length);
    }
}
