using System.CommandLine;

namespace AttentionApi.Cli;

/// <summary>The command line: one verb a file. Without a verb the program serves.</summary>
internal static class Commands
{
    public static Task<int> RunAsync(string[] args)
    {
        // Numbers are written the same everywhere, in tables as in answers.
        System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;
        var root = new RootCommand("AttentionApi: see what a Vision Transformer looks at. Without a command it serves page, Swagger and API; options like --urls or --Models:Path=… then go to its configuration.")
        {
            new Command("models", "Look at models without serving.") { ModelsList.Command(), ModelsInspect.Command() },
        };
        return root.Parse(args).InvokeAsync();
    }
}
