using System.CommandLine;
using System.Globalization;
using AttentionApi.Benchmarks;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await new RootCommand("Measures AttentionApi; every number is meant as a ratio to something measured beside it.")
{
    KernelsCommand.Create(),
}.Parse(args).InvokeAsync();
