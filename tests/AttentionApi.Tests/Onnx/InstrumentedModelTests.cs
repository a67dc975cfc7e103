using System.Security.Cryptography;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Tests.Onnx;

/// <summary>What a session is made from: the original's bytes with ours behind them.</summary>
public class InstrumentedModelTests
{
    private static string Fixture(params string[] parts) => SharedFixtures.InShared(["fixtures", "models", .. parts]);

    [Fact]
    public void The_original_bytes_stay_as_they_are_and_ours_follow()
    {
        var path = Fixture("vit", "onnx", "model.onnx");
        var original = File.ReadAllBytes(path);
        var instrumenter = new GraphInstrumenter(new OnnxGraph(OnnxFile.Read(path)));
        var site = new AttentionSites(instrumenter.Graph).Found[0];
        instrumenter.Expose(instrumenter.MeanOverHeads(site.Probabilities!));
        var model = instrumenter.Build();

        var bytes = model.ToArray();
        Assert.Equal(bytes.Length, model.Length);
        Assert.True(bytes.AsSpan().StartsWith(original));
        Assert.True(bytes.Length - original.Length < 1024);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(original)), model.SourceSha256);
    }

    [Fact]
    public void A_part_of_a_graph_keeps_only_what_it_needs()
    {
        var path = Fixture("clip", "onnx", "model.onnx");
        var graph = new OnnxGraph(OnnxFile.Read(path));
        var instrumenter = new GraphInstrumenter(graph);
        instrumenter.Expose("image_embeds");
        var part = ModelProto.Parser.ParseFrom(instrumenter.BuildExposed().ToArray());

        Assert.Equal(["pixel_values"], part.Graph.Input.Select(input => input.Name));
        Assert.Equal(["image_embeds"], part.Graph.Output.Select(output => output.Name));
        Assert.DoesNotContain(part.Graph.Initializer, tensor => tensor.Name.Contains("text_model", StringComparison.Ordinal));
        Assert.Equal(graph.File.Opsets[""], part.OpsetImport.Single().Version);
        Assert.Equal(graph.Ancestors(["image_embeds"]).Count, part.Graph.Node.Count);
    }

    [Fact]
    public void A_replaced_operator_keeps_its_place_in_the_graph()
    {
        var graph = new OnnxGraph(OnnxFile.Read(Fixture("vit", "onnx", "model_legacy_fused_mha.onnx")));
        var instrumenter = new GraphInstrumenter(graph);
        var site = new AttentionSites(graph).Found[0];
        instrumenter.Expose(FusedAttention.Open(instrumenter, site.Node).Probabilities);
        var model = ModelProto.Parser.ParseFrom(instrumenter.Build().ToArray());

        Assert.Equal(graph.Nodes.Count + 1, model.Graph.Node.Count);
        var replaced = model.Graph.Node.Single(node => node.Output[0] == site.Result);
        Assert.Equal(4, replaced.Output.Count);
        Assert.Single(model.Graph.Node, node => node.OpType == "Softmax" && node.Input[0] == replaced.Output[3]);
    }

    /// <summary>The CUDA kernel of the operator gives no probabilities; products, Softmax and products run anywhere.</summary>
    [Fact]
    public void The_standard_attention_operator_is_written_out()
    {
        var graph = new OnnxGraph(OnnxFile.Read(Fixture("vit", "onnx", "model_dynamo23.onnx")));
        var instrumenter = new GraphInstrumenter(graph);
        var sites = new AttentionSites(graph).Found;
        foreach (var site in sites) instrumenter.Expose(FusedAttention.Open(instrumenter, site.Node).Probabilities);
        var model = ModelProto.Parser.ParseFrom(instrumenter.Build().ToArray());

        Assert.Equal(sites.Count, graph.Nodes.Count(node => node.Type == "Attention"));
        Assert.DoesNotContain(model.Graph.Node, node => node.OpType == "Attention");
        Assert.All(sites, site => Assert.Single(model.Graph.Node, node => node.Output[0] == site.Result));
    }

    /// <summary>CUDA gives raw products (mode 0) but not probabilities (mode 3).</summary>
    [Fact]
    public void No_graph_asks_the_standard_operator_for_its_probabilities()
    {
        var opened = 0;
        foreach (var variant in FixtureVariant.Listed().Where(variant => variant.IsPresent))
        {
            var graph = new OnnxGraph(OnnxFile.Read(SharedFixtures.Family(variant.Family, variant.File)));
            if (graph.Nodes.All(node => !node.Is("Attention"))) continue;
            var instrumenter = new GraphInstrumenter(graph);
            foreach (var site in new AttentionSites(graph).Found.Where(site => site.Probabilities is null)) FusedAttention.Open(instrumenter, site.Node);
            var model = ModelProto.Parser.ParseFrom(instrumenter.Build().ToArray());
            Assert.DoesNotContain(model.Graph.Node, node => node.Attribute.Any(attribute => attribute.Name == "qk_matmul_output_mode" && attribute.I > 0));
            opened++;
        }
        Assert.True(opened >= (SharedFixtures.AreWhole ? 9 : 1), $"only {opened} fixtures have the operator");
    }

    [Fact]
    public void Weights_outside_the_file_are_found_where_the_original_lies()
    {
        var graph = new OnnxGraph(OnnxFile.Read(Fixture("vit", "onnx", "model_external.onnx")));
        var instrumenter = new GraphInstrumenter(graph);
        instrumenter.Expose(new AttentionSites(graph).Found[0].Probabilities!);
        var model = instrumenter.Build();
        Assert.Equal(Path.GetDirectoryName(graph.File.Path), model.ExternalDataFolder);
        using var session = FixtureModels.Factory.CreateInMemory(model);
        Assert.Equal(2, session.OutputNames.Count);
    }

    [Fact]
    public void An_original_that_shrinks_is_noticed()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        File.Copy(Fixture("vit", "onnx", "model.onnx"), path);
        var model = new GraphInstrumenter(new OnnxGraph(OnnxFile.Read(path))).Build();
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Throws<ModelRefusedException>(model.ToArray);
    }

    [Fact]
    public void Large_weights_are_not_read_with_the_graph()
    {
        var path = SharedFixtures.InShared("models", "vit-tiny-patch16-224-hf", "onnx", "model.onnx");
        var before = GC.GetAllocatedBytesForCurrentThread();
        var graph = new OnnxGraph(OnnxFile.Read(path));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < graph.File.Length / 4, $"{allocated} bytes for a file of {graph.File.Length}");
    }
}
