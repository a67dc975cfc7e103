using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Tests.Onnx;

/// <summary>Makes the sides of a model's picture symbolic, as Optimum and transformers.js export them.</summary>
internal static class OpenSides
{
    /// <summary>Copies a model file with <c>[batch_size, num_channels, height, width]</c> in place of its picture's shape.</summary>
    public static void Copy(string source, string target)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(source));
        foreach (var picture in model.Graph.Input.Where(input =>
            OnnxTensor.IsReal(input.Type.TensorType.ElemType) && input.Type.TensorType.Shape.Dim.Count == 4))
        {
            string[] names = ["batch_size", "num_channels", "height", "width"];
            picture.Type.TensorType.Shape.Dim.Clear();
            picture.Type.TensorType.Shape.Dim.Add(names.Select(name => new TensorShapeProto.Types.Dimension { DimParam = name }));
        }
        // Shapes of tensors in between were recorded for the fixed size.
        model.Graph.ValueInfo.Clear();
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllBytes(target, model.ToByteArray());
    }

    /// <summary>Copies a model file whose sides are open with both fixed, as it would have been exported for pictures of that size.</summary>
    public static void CopyFixed(string source, string target, int edge)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(source));
        var sides = model.Graph.Input.Single(input => input.Type.TensorType.Shape.Dim.Count == 4).Type.TensorType.Shape.Dim;
        (sides[2], sides[3]) = (new() { DimValue = edge }, new() { DimValue = edge });
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllBytes(target, model.ToByteArray());
    }

    /// <summary>
    /// Copies a family of fixtures/models with one of its exports, sides open, and all files beside it; skips the calling test where the export is absent.
    /// </summary>
    public static void CopyFamily(FixtureVariant variant, string folder)
    {
        if (!variant.IsPresent) throw SharedFixtures.Missing(variant.ToString());
        var source = SharedFixtures.Family(variant.Family);
        foreach (var file in Directory.EnumerateFiles(source).Where(file => !file.EndsWith(".bin", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        Copy(Path.Combine(source, variant.File), Path.Combine(folder, variant.File));
        foreach (var weights in Directory.EnumerateFiles(Path.Combine(source, "onnx"), "*data"))
            File.Copy(weights, Path.Combine(folder, "onnx", Path.GetFileName(weights)));
    }
}
