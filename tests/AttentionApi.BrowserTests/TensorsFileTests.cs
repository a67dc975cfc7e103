using System.Diagnostics;
using System.Text.Json.Nodes;

namespace AttentionApi.BrowserTests;

/// <summary>The tensors file, read by another's parser: @huggingface/hub of npm. (npm's `safetensors` 0.0.1 fails on any file with metadata.)</summary>
public sealed class TensorsFileTests(PageHost host)
{
    [Fact]
    public async Task A_tensors_file_is_read_by_the_safetensors_parser_of_the_hub()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, await host.PostAsync("scene-12", "explain/tensors?labels=owl,house&heads=each"),
                TestContext.Current.CancellationToken);
            var read = await ReadAsync(file);
            var tensors = read["tensors"]!.AsObject();
            Assert.Equal("attention-api/1", (string?)read["metadata"]!["format"]);
            // Wide numbers first, so that each array is aligned; names in order within a type.
            Assert.Equal(
                [
                    "alignment", "alignment.empty", "image_embedding", "label_embeddings", "logit_bias", "logit_scale", "logits", "trajectory",
                    "attention.heads", "attention.max", "attention.mean", "attention.min",
                ],
                tensors.Select(tensor => tensor.Key));
            Assert.Equal([Demo.Layers, Demo.Heads, Demo.Tokens, Demo.Tokens], tensors["attention.heads"]!["shape"]!.AsArray().Select(size => (int)size!));
            Assert.Equal("F16", (string?)tensors["attention.mean"]!["dtype"]);

            var owl = (await host.ExplainAsync("scene-12", "labels=owl,house"))["predictions"]!.AsArray().Single(prediction =>
                (string?)prediction!["label"] == "owl")!;
            Assert.Equal((double)owl["logit"]!, (double)tensors["logits"]!["first"]!, 1e-4);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<JsonNode> ReadAsync(string file)
    {
        var client = Path.Combine(SourceTree.Root, "client");
        if (!Directory.Exists(Path.Combine(client, "node_modules"))) Missing();
        using var node = Process.Start(new ProcessStartInfo("node", ["testing/read-tensors.js", file]) { WorkingDirectory = client,
            RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, await errors);
        return JsonNode.Parse(await output)!;
    }

    private static void Missing()
    {
        const string reason = "The parser is absent: run `npm ci` in client/.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)) Assert.Fail(reason);
        Assert.Skip(reason);
    }
}
