using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AttentionApi.Benchmarks.Measuring;

namespace AttentionApi.Benchmarks.Serving;

/// <summary>The real host in a process of its own on a loopback port, so that its memory is its own and the caller's work is not counted as its.</summary>
internal sealed class Server : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process process;

    private Server(Process process, HttpClient client)
    {
        (this.process, Client) = (process, client);
        // A benchmark that is interrupted leaves no host behind.
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    public HttpClient Client { get; }

    /// <summary>From starting the process to <c>/readyz</c> saying so.</summary>
    public TimeSpan StartToReady { get; private init; }

    public ProcessFigures Figures => ProcessFigures.Of(process.Id);

    /// <summary>Processor time so far.</summary>
    public TimeSpan Processor => ProcessFigures.Processor(process.Id);

    /// <summary>Starts the host on a models folder and waits until it is ready.</summary>
    /// <param name="settings">Configuration keys and values.</param>
    public static async Task<Server> StartAsync(TemporaryModels models, params IReadOnlyList<(string Key, object Value)> settings)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = models.Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "AttentionApi.dll"), $"--urls={address}", $"--Models:Path={models.Folder}", $"--Models:CachePath={models.CopiesFolder}"];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (key, value) in settings) start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--{key}={value}"));
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        // As the Dockerfile sets it.
        start.Environment["MALLOC_ARENA_MAX"] = "2";

        var began = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new InvalidOperationException("The host did not start.");
        var log = new List<string>();
        process.OutputDataReceived += (_, line) => { lock (log) log.Add(line.Data ?? ""); };
        process.ErrorDataReceived += (_, line) => { lock (log) log.Add(line.Data ?? ""); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = Timeout.InfiniteTimeSpan }) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(2) };
        while (!await IsReadyAsync(client))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartLimit)
            {
                process.Kill();
                throw new InvalidOperationException($"The host is not ready:{Environment.NewLine}{string.Join(Environment.NewLine, log.TakeLast(20))}");
            }
            await Task.Delay(5);
        }
        return new Server(process, client) { StartToReady = Stopwatch.GetElapsedTime(began) };
    }

    private static async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Kill(object? sender, EventArgs e)
    {
        if (!process.HasExited) process.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        Client.Dispose();
        Kill(this, EventArgs.Empty);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
