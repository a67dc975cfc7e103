using System.CommandLine;
using System.Text.Json.Nodes;
using AttentionApi.Cli;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AttentionApi.Tests.Api;

/// <summary>A new method is one class and one line: everything else follows from its declaration.</summary>
public sealed class NewMethodTests(NewMethodTests.Host host) : IClassFixture<NewMethodTests.Host>
{
    /// <summary>The host with one method more.</summary>
    public sealed class Host() : TestHost(("Models:Path", SharedFixtures.RepositoryModels), ("Models:Default", "clip"), ("Limits:MaxConcurrent", "256"))
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            base.ConfigureWebHost(builder);
            builder.ConfigureServices(services => services.AddSingleton<Explainer, MadeUpMethod>());
        }
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<JsonObject> GetAsync(string path)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.GetAsync(path, Cancellation);
        return await response.JsonAsync();
    }

    [Fact]
    public async Task It_is_listed_with_its_parameters()
    {
        var methods = (await GetAsync("/api/v1/methods"))["methods"]!.AsArray();
        var method = methods.Single(one => (string?)one!["name"] == "madeUp")!;
        Assert.Equal(["labels", "prompt", "target", "fromLayer", "toLayer", "strength", "frames", "panels"], method["parameters"]!.AsArray()
            .Select(one => (string)one!["name"]!));
        Assert.Equal("needed", (string?)method["labels"]);
        Assert.Equal("It says nothing that alignment does not say.", (string?)method["limits"]);
        Assert.Contains("madeUp", (await GetAsync("/api/v1/models/clip"))["methods"].Strings());
        var vit = await GetAsync("/api/v1/models/vit");
        Assert.Equal("unloaded", (string?)vit["status"]);
    }

    [Theory, InlineData("explain"), InlineData("explain/overlay"), InlineData("explain/animation"), InlineData("explain/grid")]
    public async Task It_is_in_the_OpenAPI_document(string endpoint)
    {
        var document = await GetAsync("/swagger/v1/swagger.json");
        var parameters = document["paths"]![$"/api/v1/{endpoint}"]!["post"]!["parameters"]!.AsArray();
        var strength = parameters.Single(one => (string?)one!["name"] == "strength")!["schema"]!;
        Assert.Equal((0, 10, 2), ((int)strength["minimum"]!, (int)strength["maximum"]!, (int)strength["default"]!));
        Assert.Contains("madeUp", document["components"]!["schemas"]!["MethodChoice"]!["enum"].Strings());
        Assert.Equal("number", (string?)document["components"]!["schemas"]!["EffectiveParameters"]!["properties"]!["strength"]!["type"]);
    }

    [Fact]
    public async Task It_answers_with_maps_series_and_scores()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain?method=madeUp&labels=cat,dog&strength=3&fromLayer=2", Pictures.Fixture);
        var answer = await response.JsonAsync();
        using var plain = await client.SendAsync("explain?method=alignment&labels=cat,dog&fromLayer=2", Pictures.Fixture);
        var aligned = (await plain.JsonAsync())["maps"]!.AsArray();
        var maps = answer["maps"]!.AsArray();
        Assert.Equal(aligned.Count, maps.Count);
        for (var map = 0; map < maps.Count; map++)
        {
            Assert.Equal((string?)aligned[map]!["label"], (string?)maps[map]!["label"]);
            Assert.Equal(3 * aligned[map]!["values"].Rows()[1][2], maps[map]!["values"].Rows()[1][2], 1e-5);
        }
        Assert.Equal(3, (double)answer["parameters"]!["strength"]!);
        var peaks = answer["series"]!["peaks"]!.AsArray();
        Assert.Equal(["cat", "dog"], peaks.Select(one => (string)one!["label"]!));
        Assert.Equal((float)maps[^1]!["maximum"]!, (float)peaks[1]!["values"]!.AsArray()[^1]!, 1e-6);
        Assert.Equal(["cat", "dog"], answer["scores"]!.AsArray().Select(one => (string)one!["label"]!));
    }

    [Theory]
    [InlineData("explain?method=madeUp", "labels")]
    [InlineData("explain?method=madeUp&labels=cat&strength=11", "strength")]
    [InlineData("explain/animation?method=madeUp&labels=cat&frames=cumulative", "frames")]
    public async Task What_it_cannot_serve_is_refused_on_its_parameter(string call, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.Fixture);
        await response.ProblemAsync(400, parameter);
    }

    [Fact]
    public async Task Its_parameter_has_no_effect_on_other_methods()
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync("explain?strength=3", Pictures.Fixture);
        Assert.Contains((await response.JsonAsync()).Warnings(), warning => warning.Contains("'strength' has no effect", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("explain/overlay?method=madeUp&labels=cat,dog&target=dog", "image/png")]
    [InlineData("explain/grid?method=madeUp&labels=cat,dog", "image/png")]
    [InlineData("explain/animation?method=madeUp&labels=cat,dog&panels=labels", "image/gif")]
    public async Task It_is_drawn(string call, string type)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync(call, Pictures.Fixture);
        Assert.NotEmpty(await response.BytesAsync());
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public void It_is_on_the_command_line()
    {
        var root = Commands.Root(new([.. BuiltInMethods.Registry.All, new MadeUpMethod()]));
        Assert.Contains("madeUp", Printed(root, "methods", "--help"), StringComparison.Ordinal);
        var printed = Printed(root, "methods", "madeup");
        Assert.Contains("strength", printed, StringComparison.Ordinal);
        Assert.Contains("What the similarities are multiplied by.", printed, StringComparison.Ordinal);
        var help = Printed(root, "explain", "--help");
        Assert.Contains("madeUp", help, StringComparison.Ordinal);
        Assert.Contains("--strength", help, StringComparison.Ordinal);
        Assert.Contains("What the similarities are multiplied by.", help, StringComparison.Ordinal);
    }

    private static string Printed(RootCommand root, params string[] arguments)
    {
        using var output = new StringWriter();
        Assert.Equal(0, root.Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = output }));
        return output.ToString();
    }
}
