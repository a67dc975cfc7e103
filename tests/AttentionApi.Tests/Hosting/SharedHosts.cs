using AttentionApi.Tests.Faults;

[assembly: AssemblyFixture(typeof(AttentionApi.Tests.Hosting.SharedHosts))]

namespace AttentionApi.Tests.Hosting;

/// <summary>Hosts in processes of their own, for tests that change nothing of them. Each is started when it is first asked for.</summary>
public sealed class SharedHosts : IAsyncDisposable
{
    public const string Key = "correct-horse-battery-staple", NumberSignKey = "#one", FileKey = "another-key", Origin = "https://lab.example";

    private readonly Lazy<ServedModels> models = new();
    private readonly TemporaryFolder folder = new();
    private readonly Lazy<Task<HostProcess>> plain, keyed, open;

    public SharedHosts()
    {
        plain = Served();
        keyed = Served(("Security:ApiKeys:0", Key), ("Security:ApiKeys:1", NumberSignKey), ("Security:ApiKeysFile", folder.At("keys")));
        open = Served(("Security:CorsOrigins:0", Origin), ("Security:Hosts:0", "proxied.example"));
        folder.Write("keys", $"# ours\n\n  {FileKey}  \n");
    }

    /// <summary>As it is without settings.</summary>
    internal Task<HostProcess> PlainAsync() => plain.Value;

    /// <summary>Takes three keys, one of them from a file.</summary>
    internal Task<HostProcess> KeyedAsync() => keyed.Value;

    /// <summary>Open to <see cref="Origin"/> and to the name of a proxy.</summary>
    internal Task<HostProcess> OpenAsync() => open.Value;

    private Lazy<Task<HostProcess>> Served(params (string, object)[] settings) => new(() => models.Value.ServeAsync(settings));

    public async ValueTask DisposeAsync()
    {
        foreach (var host in (Lazy<Task<HostProcess>>[])[plain, keyed, open])
        {
            if (host is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await (await host.Value).DisposeAsync();
        }
        if (models.IsValueCreated) models.Value.Dispose();
        folder.Dispose();
    }
}
