using System.CommandLine;
using System.Globalization;
using AttentionApi.Benchmarks;
using AttentionApi.Benchmarks.Report;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await new RootCommand("Measures AttentionApi. Compare ratios, not times: every step is measured beside a reference.")
{
    ReportCommand.Create(),
    LoadCommand.Create(),
    SoakCommand.Create(),
    PoolCommand.Create(),
    GradientsCommand.Create(),
    KernelsCommand.Create(),
    MethodsCommand.Create(),
    MemoryComparison.CreateHoldCommand(),
}.Parse(args).InvokeAsync();
