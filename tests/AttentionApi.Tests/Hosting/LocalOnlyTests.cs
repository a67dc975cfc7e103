using AttentionApi.Hosting.Security;
using AttentionApi.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AttentionApi.Tests.Hosting;

/// <summary>Whether a server is for its own machine alone is told from where it listens.</summary>
public sealed class LocalOnlyTests
{
    [Theory]
    [InlineData("http://localhost:5080"), InlineData("http://127.0.0.1:1"), InlineData("http://[::1]:1"), InlineData("http://localhost:1 https://127.0.0.1:2")]
    public async Task One_that_listens_on_its_own_machine_answers_to_no_other_name(string addresses) =>
        Assert.Equal(403, (await Assert.ThrowsAsync<ProblemException>(() => CallAsync(addresses, "rebound.example"))).Status);

    [Theory]
    [InlineData("http://0.0.0.0:80"), InlineData("http://[::]:80"), InlineData("http://+:80"), InlineData("http://*:80")]
    [InlineData("http://localhost:1 http://+:2")]
    public async Task One_that_others_reach_answers_to_any_name(string addresses) => Assert.True(await CallAsync(addresses, "service.example"));

    private static async Task<bool> CallAsync(string addresses, string host)
    {
        using var server = new ListeningServer(addresses.Split(' '));
        var http = new DefaultHttpContext();
        http.Request.Host = new HostString(host);
        var passed = false;
        await new LocalOnly(server, new SecurityOptions()).InvokeAsync(http, _ =>
        {
            passed = true;
            return Task.CompletedTask;
        });
        return passed;
    }

    private sealed class ListeningServer : IServer
    {
        public ListeningServer(string[] addresses) => Features.Set<IServerAddressesFeature>(new Listening(addresses));

        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull =>
            Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public void Dispose() { }
    }

    private sealed class Listening(string[] addresses) : IServerAddressesFeature
    {
        public ICollection<string> Addresses => addresses;
        public bool PreferHostingUrls { get; set; }
    }
}
