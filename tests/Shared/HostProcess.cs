using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace AttentionApi.Shared;

/// <summary>The real host in a process of its own on a loopback port: its memory is its own, signals reach it, and what ends it ends nothing else.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    public const int Terminate = 15;

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly List<string> log = [];
    private readonly long began = Stopwatch.GetTimestamp();

    private HostProcess(ProcessStartInfo start, Uri address)
    {
        process = Process.Start(start) ?? throw new InvalidOperationException("The host did not start.");
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = Timeout.InfiniteTimeSpan }) { BaseAddress = address,
            Timeout = TimeSpan.FromMinutes(2) };
        // Whoever is interrupted leaves no host behind.
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    public HttpClient Client { get; }

    public Uri Address => Client.BaseAddress!;

    /// <summary>From starting the process to <c>/readyz</c> saying so.</summary>
    public TimeSpan StartToReady { get; private set; }

    public bool HasExited => process.HasExited;

    public ProcessFigures Figures => ProcessFigures.Of(process.Id);

    /// <summary>Lets the peak of <see cref="Figures"/> begin anew.</summary>
    public void ForgetPeak() => ProcessFigures.ForgetPeak(process.Id);

    /// <summary>Processor time so far.</summary>
    public TimeSpan Processor => ProcessFigures.Processor(process.Id);

    /// <summary>What the host wrote to its console.</summary>
    public string Log
    {
        get { lock (log) return string.Join(Environment.NewLine, log); }
    }

    /// <summary>Starts the host built beside the caller and waits until it is ready.</summary>
    /// <param name="settings">Configuration keys and values.</param>
    public static async Task<HostProcess> StartAsync(params IReadOnlyList<(string Key, object Value)> settings)
    {
        var host = Launch(AppContext.BaseDirectory, [], settings);
        await host.ReadyAsync();
        return host;
    }

    /// <summary>Starts the host without waiting for it.</summary>
    /// <param name="folder">Where the program lies.</param>
    /// <param name="launcher">A command that starts the program in its own place, with other rights or limits; empty: none.</param>
    /// <param name="settings">Configuration keys and values.</param>
    public static HostProcess Launch(string folder, IReadOnlyList<string> launcher, IReadOnlyList<(string Key, object Value)> settings)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        string[] command = [.. launcher, .. Program(folder, "AttentionApi"), $"--urls={address}",
            .. settings.Select(setting => string.Create(CultureInfo.InvariantCulture, $"--{setting.Key}={setting.Value}"))];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true,
            RedirectStandardError = true };
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        // As the Dockerfile sets it.
        start.Environment["MALLOC_ARENA_MAX"] = "2";
        return new HostProcess(start, new Uri(address));
    }

    /// <summary>What starts a program: a self-contained build brings its runtime with it, to machines without .NET.</summary>
    public static string[] Program(string folder, string name) =>
        File.Exists(Path.Combine(folder, "libcoreclr.so")) ? [Path.Combine(folder, name)] : ["dotnet", Path.Combine(folder, $"{name}.dll")];

    public async Task ReadyAsync()
    {
        while (!await IsReadyAsync())
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartLimit)
            {
                await DisposeAsync();
                throw new InvalidOperationException($"The host is not ready:{Environment.NewLine}{Log}");
            }
            await Task.Delay(5);
        }
        StartToReady = Stopwatch.GetElapsedTime(began);
    }

    public void Signal(int signal)
    {
        if (SendSignal(process.Id, signal) != 0) throw new InvalidOperationException($"Process {process.Id} takes no signal.");
    }

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        await process.WaitForExitAsync(timeout.Token);
        return process.ExitCode;
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Client.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A port that nobody listens on, outside of the range from which outgoing connections take theirs.</summary>
    public static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Taken: the next number is as good.
            }
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) lock (log) log.Add(line.Data);
    }

    private void Kill(object? sender, EventArgs e)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        Client.Dispose();
        Kill(this, EventArgs.Empty);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
