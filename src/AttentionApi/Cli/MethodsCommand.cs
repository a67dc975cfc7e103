using System.CommandLine;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Cli;

/// <summary><c>methods [NAME]</c>: what each method shows, and the parameters that it takes.</summary>
internal static class MethodsCommand
{
    public static Command Command(ExplainerRegistry registry)
    {
        var name = new Argument<string?>("NAME") { Description = $"One of {string.Join(", ", registry.All.Select(one => one.Info.Name))}.",
            Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("methods", "List the methods of explanation, or the parameters of one.") { name };
        command.SetAction(parsed => Run(registry, parsed.GetValue(name), parsed.InvocationConfiguration));
        return command;
    }

    private static int Run(ExplainerRegistry registry, string? name, InvocationConfiguration streams)
    {
        if (name is null)
        {
            TextTable.Write(streams.Output,
                [["method", "labels", "what it shows"], .. registry.All.Select(one => (string[])[one.Info.Name, one.Info.Labels.Word(), one.Info.Shows])]);
            return 0;
        }
        if (registry.Find(name) is not { } method)
        {
            var nearest = Nearest.Name(name, registry.All.Select(one => one.Info.Name));
            streams.Error.WriteLine($"There is no method '{Words.Shown(name)}'; the nearest is '{nearest}'.");
            return 1;
        }
        streams.Output.WriteLine($"{method.Info.Title}. {method.Info.Shows} {method.Info.ShowsNot}");
        streams.Output.WriteLine(method.Info.Paper);
        streams.Output.WriteLine();
        TextTable.Write(streams.Output, [["parameter", "values", "default", "meaning"],
            .. method.Info.AllParameters.Select(one => (string[])[one.Name, one.Range, one.DefaultText, one.Description])]);
        return 0;
    }
}
