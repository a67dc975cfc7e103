using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AttentionApi.Tests.Api;

/// <summary>HEAD answers wherever GET answers (RFC 9110, 9.3.2), through a socket, because what a server sends is the point.</summary>
public sealed class HeadTests
{
    private static readonly string[] Further = ["/", "/js/main.js", "/swagger/v1/swagger.json", "/swagger/index.html", "/api/v1/models/nobody",
        "/nothing", "/api/v1/models?typo=1"];

    [Fact]
    public async Task Every_route_of_GET_answers_HEAD_with_the_same_status_and_headers_and_no_body()
    {
        await using var host = new TestHost(("Models:Path", Path.Combine(SourceTree.Root, "models")));
        host.UseKestrel(0);
        host.StartServer();
        using var client = host.CreateClient();
        client.Timeout = TimeSpan.FromSeconds(30);
        await host.ReadyAsync();
        var routes = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true)
            .Select(endpoint => '/' + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{id}", "demo-clip", StringComparison.Ordinal)).ToList();
        Assert.Contains("/api/v1/models/demo-clip/classes", routes);
        foreach (var path in routes.Concat(Further))
        {
            using var get = await client.GetAsync(path, TestContext.Current.CancellationToken);
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using var head = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((path, get.StatusCode), (path, head.StatusCode));
            Assert.Equal((path, get.Content.Headers.ContentType?.ToString()), (path, head.Content.Headers.ContentType?.ToString()));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal(get.Headers.Select(header => header.Key).Except(["Transfer-Encoding"]).Order(), head.Headers.Select(header => header.Key)
                .Except(["Transfer-Encoding"]).Order());
            // A length that is given is that of GET's body.
            if (head.Content.Headers.ContentLength is { } length && get.Content.Headers.ContentLength is { } body) Assert.Equal((path, body), (path, length));
            else Assert.True(head.Content.Headers.ContentLength is null or > 0, $"{path}: length {head.Content.Headers.ContentLength}");
        }
    }

    [Fact]
    public async Task Where_only_POST_answers_HEAD_is_a_405_and_GET_s_405_names_HEAD()
    {
        await using var host = new TestHost(("Models:Path", Path.Combine(SourceTree.Root, "models")));
        using var client = host.CreateClient();
        using var head = await client.SendAsync(new(HttpMethod.Head, $"{TestHost.Base}/explain"), TestContext.Current.CancellationToken);
        Assert.Equal((405, "POST"), ((int)head.StatusCode, string.Join(", ", head.Content.Headers.Allow)));
        using var put = await client.PutAsync($"{TestHost.Base}/models", null, TestContext.Current.CancellationToken);
        Assert.Equal(["GET", "HEAD"], put.Content.Headers.Allow.Order());
    }
}
