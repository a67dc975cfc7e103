using System.CommandLine;
using System.Diagnostics;
using AttentionApi.Cli;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;

namespace AttentionApi.Tests.Cli;

/// <summary>What a command wrote, and how it ended.</summary>
internal sealed record CommandResult(string Output, string Error, int ExitCode);

/// <summary>Runs commands: here, or in a process of their own.</summary>
internal static class CommandLine
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>In this process.</summary>
    public static Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(BuiltInMethods.Registry, arguments, Cancellation);

    /// <summary>In this process, with methods of the caller's own.</summary>
    public static async Task<CommandResult> RunAsync(ExplainerRegistry methods, string[] arguments, CancellationToken cancellation)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var streams = new InvocationConfiguration { Output = output, Error = TextWriter.Synchronized(error) };
        var exit = await Commands.Root(methods).Parse(arguments).InvokeAsync(streams, cancellation);
        return new(output.ToString(), error.ToString(), exit);
    }

    /// <summary>As people call it: the built program in a process of its own.</summary>
    public static async Task<CommandResult> ProcessAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        return new(await output, await error, process.ExitCode);
    }

    /// <summary>As people call it, with bytes for standard input.</summary>
    public static async Task<(byte[] Output, string Error, int ExitCode)> PipeAsync(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Cancellation);
        var output = new MemoryStream();
        var read = process.StandardOutput.BaseStream.CopyToAsync(output, Cancellation);
        await process.StandardInput.BaseStream.WriteAsync(input, Cancellation);
        process.StandardInput.Close();
        await Task.WhenAll(read, process.WaitForExitAsync(Cancellation));
        return (output.ToArray(), await error, process.ExitCode);
    }
}
