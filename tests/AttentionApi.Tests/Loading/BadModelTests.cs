using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Tests.Loading;

/// <summary>Files that cannot be served end in one sentence that says why.</summary>
public class BadModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("cnn_no_attention.onnx", "a convolutional network: no attention site found")]
    [InlineData("softmax_head_only.onnx", "a convolutional network: no attention site found")]
    [InlineData("truncated.onnx", "is truncated and cannot be parsed")]
    [InlineData("zero_bytes.onnx", "is an empty file")]
    [InlineData("text_file.onnx", "is not an ONNX file")]
    [InlineData("git_lfs_pointer.onnx", "is not an ONNX file but a Git LFS pointer")]
    [InlineData("nan_weights.onnx", "gives non-finite attention values")]
    [InlineData("missing_external_data.onnx", "the external data file missing_external_data.onnx_data is missing")]
    [InlineData("external_data_outside_folder.onnx", "external data must stay inside the model's folder")]
    [InlineData("wrong_input_rank.onnx", "unsupported input shape [batch, 6912], expected [batch, 3, height, width]")]
    [InlineData("two_channel_input.onnx", "expects 2 channels, only 3-channel (RGB) images are supported")]
    [InlineData("future_opset.onnx", "unsupported opset 99")]
    [InlineData("unknown_operator.onnx", "unknown operator com.example::SecretAttention")]
    [InlineData("dangling_graph.onnx", "invalid graph: tensor 'nobody_makes_this'")]
    public void A_bad_file_is_refused_in_one_sentence_that_names_it(string file, string reason)
    {
        var refused = Assert.Throws<ModelRefusedException>(() =>
            TowerLoader.Load(ModelFolder.Open(SharedFixtures.InShared("fixtures", "models", "bad", file)), FixtureModels.Factory));
        output.WriteLine(refused.Message);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
