using System.Text.RegularExpressions;
using AttentionApi.Core.Explain;

namespace AttentionApi.Tests;

/// <summary>Dependencies point one way: Endpoints, Cli → Hosting → Rendering, Explain → Analysis → Scoring, Catalog → Loading → Runtime → Onnx, Imaging, Text → Models, Parameters.</summary>
public class ArchitectureTests
{
    [Fact]
    public void Core_knows_no_web_server()
    {
        Assert.DoesNotContain(typeof(Heatmap).Assembly.GetReferencedAssemblies(), name => name.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    /// <summary>Rooms of Core from the lowest up; a room may use those before it, and only the packages named.</summary>
    [Theory]
    [InlineData("Diagnostics", "Parameters|Models|Onnx|Imaging|Text|Runtime|Loading|Catalog|Scoring|Analysis|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Parameters", "Models|Onnx|Imaging|Text|Runtime|Loading|Catalog|Scoring|Analysis|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Models", "Onnx|Imaging|Text|Runtime|Loading|Catalog|Scoring|Analysis|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Onnx", "Imaging|Text|Runtime|Loading|Catalog|Scoring|Analysis|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Imaging", "Onnx|Text|Runtime|Loading|Catalog|Scoring|Analysis|Explain|Rendering", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Text", "Onnx|Imaging|Runtime|Loading|Catalog|Scoring|Analysis|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Runtime", "Loading|Catalog|Scoring|Analysis|Explain|Rendering", "NetVips")]
    [InlineData("Loading", "Catalog|Scoring|Analysis|Explain|Rendering", "NetVips")]
    [InlineData("Catalog", "Scoring|Analysis|Explain|Rendering", "NetVips")]
    [InlineData("Scoring", "Analysis|Explain|Rendering", "NetVips")]
    [InlineData("Analysis", "Explain|Rendering", "NetVips")]
    [InlineData("Explain", "Onnx|Text|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Rendering", "Onnx|Text|Runtime|Loading", "Microsoft.ML.OnnxRuntime")]
    public void A_folder_of_Core_uses_only_what_lies_below_it(string folder, string foreignFolders, string foreignPackages)
    {
        var forbidden = new Regex($@"AttentionApi\.Core\.({foreignFolders})\b|\b({foreignPackages.Replace(".", @"\.", StringComparison.Ordinal)})\b");
        var offences = Directory.EnumerateFiles(Path.Combine(CoreFolder, folder), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => File.ReadLines(file).Where(line => line.StartsWith("using ", StringComparison.Ordinal) && forbidden.IsMatch(line)).Select(line => $"{Path.GetFileName(file)}: {line}"));
        Assert.Empty(offences);
    }

    [Fact]
    public void Image_libraries_are_used_in_Imaging_and_Rendering_only()
    {
        var offences = Directory.EnumerateFiles(CoreFolder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && File.ReadAllText(file).Contains("using NetVips", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(CoreFolder, file).Split(Path.DirectorySeparatorChar)[0])
            .Except(["Imaging", "Rendering"]);
        Assert.Empty(offences);
    }

    private static string CoreFolder => Path.Combine(SourceTree.Root, "src", "AttentionApi.Core");
}
