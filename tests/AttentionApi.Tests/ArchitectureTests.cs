using System.Text.RegularExpressions;
using AttentionApi.Core.Explain;

namespace AttentionApi.Tests;

/// <summary>Dependencies point one way: Endpoints, Cli → Hosting → Explain, Rendering → Inference → Onnx, Imaging, Text → Models.</summary>
public class ArchitectureTests
{
    [Fact]
    public void Core_knows_no_web_server()
    {
        Assert.DoesNotContain(typeof(Heatmap).Assembly.GetReferencedAssemblies(), name => name.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Models", "Onnx|Inference|Imaging.Image|Text|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Onnx", "Inference|Text|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Imaging", "Onnx|Inference|Text|Explain|Rendering", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Text", "Onnx|Inference|Imaging|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Inference", "Explain|Rendering", "NetVips")]
    [InlineData("Explain", "Onnx|Rendering|Text", "Microsoft.ML.OnnxRuntime|NetVips")]
    [InlineData("Rendering", "Onnx|Inference|Text", "Microsoft.ML.OnnxRuntime")]
    [InlineData("Diagnostics", "Models|Onnx|Inference|Imaging|Text|Explain|Rendering", "Microsoft.ML.OnnxRuntime|NetVips")]
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
