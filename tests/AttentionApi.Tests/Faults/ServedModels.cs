using System.Diagnostics;
using AttentionApi.Tests.Api;

// Signals, users and file modes; tests/run.sh needs a Debian-like machine anyway.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace AttentionApi.Tests.Faults;

/// <summary>A models folder of its own for a host that is going to be maltreated, with the tiny classifier as "vit".</summary>
internal sealed class ServedModels : IDisposable
{
    private readonly TemporaryFolder root = new();

    public ServedModels()
    {
        // Hosts under other users must find their way in.
        foreach (var folder in (string[])[root.Path, Folder, Copies]) Open(Directory.CreateDirectory(folder).FullName);
        Add("vit", SharedFixtures.Family("vit", "onnx", "model.onnx"));
    }

    /// <summary>The models folder.</summary>
    public string Folder => root.At("models");

    /// <summary>Where instrumented copies go; anybody may write there.</summary>
    public string Copies => root.At("copies");

    /// <summary>A launcher that takes root's rights away, because root may read and write everything; nothing where the tests have none.</summary>
    public static IReadOnlyList<string> AsNobody { get; } = Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

    public (string, object)[] Settings =>
        [("Models:Path", Folder), ("Models:Default", "vit"), ("Models:CachePath", Copies), ("Cache:MaxBytes", 0), ("Limits:MaxConcurrent", 64)];

    /// <summary>Adds a classifier made of these files.</summary>
    public string[] Add(string id, params string[] files)
    {
        var onnx = Directory.CreateDirectory(Path.Combine(Folder, id, "onnx")).FullName;
        foreach (var config in new[] { "config.json", "preprocessor_config.json" })
            File.Copy(SharedFixtures.Family("vit", config), Path.Combine(Folder, id, config), overwrite: true);
        var copies = files.Select(file => Path.Combine(onnx, Path.GetFileName(file))).ToArray();
        foreach (var (file, copy) in files.Zip(copies)) File.Copy(file, copy, overwrite: true);
        return copies;
    }

    /// <summary>Adds a whole family's folder, such as <c>clip</c>.</summary>
    /// <returns>The folder that is served.</returns>
    public string AddFamily(string family)
    {
        var (from, to) = (SharedFixtures.Family(family), Path.Combine(Folder, family));
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return to;
    }

    public Task<HostProcess> ServeAsync(params (string, object)[] more) => HostProcess.StartAsync([.. Settings, .. more]);

    public async Task<HostProcess> ServeAsync(IReadOnlyList<string> launcher, params (string, object)[] more)
    {
        var host = HostProcess.Launch(AppContext.BaseDirectory, launcher, [.. Settings, .. more]);
        await host.ReadyAsync();
        return host;
    }

    private static void Open(string folder) => File.SetUnixFileMode(folder,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);

    public void Dispose() => root.Dispose();
}

internal static class HostCalls
{
    /// <summary>What a host may take to notice or to stop, on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Asks again and again until the answer is yes.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var began = Stopwatch.GetTimestamp(); !await holds();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "It did not come about in time.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Explains the fixture's picture.</summary>
    public static Task<HttpResponseMessage> ExplainAsync(this HostProcess host, string query = "") =>
        host.Client.SendAsync($"explain?{query}", Pictures.Fixture);

    public static async Task MustExplainAsync(this HostProcess host, string query = "")
    {
        using var answer = await host.ExplainAsync(query);
        await answer.JsonAsync();
    }
}
