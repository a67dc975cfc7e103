namespace AttentionApi.Cli;

/// <summary>The command line: one verb a file.</summary>
internal static class Commands
{
    public static async Task<int> RunAsync(string[] args)
    {
        await Console.Error.WriteLineAsync($"'{args[0]}' is no command. Without a command the program serves; see README.md.");
        return 1;
    }
}
