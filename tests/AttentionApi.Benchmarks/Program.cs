using System.CommandLine;
using System.Globalization;
using AttentionApi.Benchmarks;
using AttentionApi.Benchmarks.Report;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await new RootCommand("Measures AttentionApi; every number is meant as a ratio to something measured beside it.")
{
    ReportCommand.Create(),
    LoadCommand.Create(),
    SoakCommand.Create(),
    PoolCommand.Create(),
    KernelsCommand.Create(),
    MemoryComparison.CreateHoldCommand(),
}.Parse(args).InvokeAsync();
