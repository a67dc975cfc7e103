using System.CommandLine;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Cli.Explaining;

/// <summary>Every parameter of the contract as an option of its name, read by the contract's own parser.</summary>
internal sealed class ParameterOptions
{
    private readonly List<(string Name, Option Option, Func<ParseResult, IReadOnlyList<string>?> Texts)> options = [];

    public ParameterOptions(IEnumerable<Parameter> parameters)
    {
        foreach (var parameter in parameters)
        {
            Add(parameter.Name, parameter, $"{parameter.Description.TrimEnd('.')}. Values: {parameter.Range}; default: {parameter.DefaultText}.");
            if (parameter.VerbatimName is { } verbatim) Add(verbatim, parameter, $"One value of '{parameter.Name}', commas and all; may be repeated.");
        }
    }

    public void AddTo(Command command)
    {
        foreach (var (_, option, _) in options) command.Add(option);
    }

    /// <summary>The parameters given, by name, as they were written.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<string> Texts)> Given(ParseResult parsed) =>
        [.. options.Select(one => (one.Name, Texts: one.Texts(parsed))).Where(one => one.Texts is not null).Select(one => (one.Name, one.Texts!))];

    private void Add(string name, Parameter parameter, string description)
    {
        if (parameter.Kind == ParameterKind.Flag)
        {
            // A flag alone means true: the argument behind it is a picture.
            var flag = new Option<bool>($"--{name}") { Description = description, HelpName = "true|false" };
            options.Add((name, flag, parsed => parsed.GetResult(flag) is { Implicit: false } ? [parsed.GetValue(flag) ? "true" : "false"] : null));
            return;
        }
        var option = new Option<string[]>($"--{name}") { Description = description, HelpName = parameter.Kind.Word(), Arity = ArgumentArity.OneOrMore };
        options.Add((name, option, parsed => parsed.GetResult(option) is null ? null : parsed.GetValue(option)!));
    }
}
