using AttentionApi.Core.Loading;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Tests.Loading;

/// <summary>Files with several outputs of one shape: DeiT's two heads beside their mean.</summary>
public class SeveralOutputsTests
{
    private const string ClassHead = "/model/cls_classifier/Gemm_output_0", TeacherHead = "/model/distillation_classifier/Gemm_output_0", Answer = "logits";

    [Fact]
    public void The_one_that_is_called_logits_is_the_answer_wherever_it_stands()
    {
        var (output, warnings) = Load(ClassHead, TeacherHead, Answer);
        Assert.Equal(Answer, output);
        Assert.DoesNotContain(warnings, warning => warning.Contains("several outputs", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_none_is_the_choice_is_said()
    {
        var (output, warnings) = Load(ClassHead, TeacherHead);
        Assert.Equal(ClassHead, output);
        Assert.Contains(warnings, warning => warning.Contains($"({ClassHead}, {TeacherHead}): {ClassHead} is explained", StringComparison.Ordinal));
    }

    private static (string Output, IReadOnlyList<string> Warnings) Load(params string[] outputs)
    {
        var graph = new OnnxGraph(OnnxFile.Read(SharedFixtures.Family("deit_distilled", "onnx", "model.onnx")));
        var instrumenter = new GraphInstrumenter(graph);
        foreach (var name in outputs) instrumenter.Expose(name);
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.At("model.onnx"), instrumenter.BuildExposed().ToArray());
        File.Copy(SharedFixtures.Family("deit_distilled", "config.json"), folder.At("config.json"));
        using var towers = TowerLoader.Load(ModelFolder.Open(folder.Path), FixtureModels.Factory);
        return (towers.Vision.Output!.Name, towers.Warnings);
    }
}
