namespace AttentionApi.Cli.Terminal;

/// <summary>How a command ends; 0: everything was done.</summary>
internal static class ExitCode
{
    public const int Failed = 1;

    /// <summary>Something was explained, and something was skipped.</summary>
    public const int SomeSkipped = 2;

    /// <summary>After Ctrl+C: 128 and the number of the signal, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>Says what is wrong.</summary>
    /// <returns><see cref="Failed"/>.</returns>
    public static async Task<int> FailAsync(TextWriter error, string sentence)
    {
        await error.WriteLineAsync(sentence);
        return Failed;
    }
}
