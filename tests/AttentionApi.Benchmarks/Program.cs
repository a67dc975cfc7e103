using System.CommandLine;
using System.Globalization;
using AttentionApi.Benchmarks;
using AttentionApi.Benchmarks.Report;
using AttentionApi.Core.Runtime.Sessions;

// As the service does: without it ONNX Runtime's large tensors are returned to the system and got back page by page.
NativeMemory.KeepFreed();
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
