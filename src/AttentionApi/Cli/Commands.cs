using System.CommandLine;
using System.Globalization;
using AttentionApi.Cli.Explaining;
using AttentionApi.Cli.Hub;
using AttentionApi.Cli.Models;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;

namespace AttentionApi.Cli;

/// <summary>The command line: one verb a file. Without a verb the program serves.</summary>
internal static class Commands
{
    public static Task<int> RunAsync(string[] args)
    {
        // Numbers are written the same everywhere, in tables as in answers.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        return Root(BuiltInMethods.Registry).Parse(args).InvokeAsync();
    }

    /// <param name="methods">The methods that commands offer.</param>
    public static RootCommand Root(ExplainerRegistry methods) => new(
        "AttentionApi: see what a Vision Transformer looks at. Without a command it serves page, Swagger and API; "
        + "options like --urls or --Models:Path=… then go to its configuration.")
    {
        new ExplainCommand(methods).Build(),
        new CompareCommand(methods).Build(),
        new Command("models", "Look at models, fetch them and copy them, without serving.")
        {
            ModelsList.Command(), ModelsInspect.Command(), ModelsPull.Command(), ModelsInstrument.Command(), ModelsCheck.Command(methods),
        },
        EvidenceVerify.Command(methods),
        MethodsCommand.Command(methods),
    };
}
