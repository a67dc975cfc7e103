using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;
using static AttentionApi.Tests.Onnx.ModelWriter;

namespace AttentionApi.Tests.Onnx;

/// <summary>Files made to break a reader end in a refusal: no crash, no hang, no allocation of what they claim.</summary>
public sealed class HostileModelTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private string ModelPath => Path.Combine(folder.Path, "hostile.onnx");

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Forms => [.. Writers.Keys];

    private static readonly Dictionary<string, (string Reason, Action<ModelWriter> Write)> Writers = new()
    {
        ["a cycle"] = ("in a cycle", writer =>
        {
            writer.Append("Add", ["pixels", "b"], ["a"]);
            writer.Append("Add", ["pixels", "a"], ["b"]);
        }),
        ["a node that reads itself"] = ("in a cycle", writer => writer.Append("Add", ["pixels", "a"], ["a"])),
        ["a tensor made twice"] = ("'a' is produced twice", writer =>
        {
            writer.Append("Relu", ["pixels"], ["a"]);
            writer.Append("Relu", ["pixels"], ["a"]);
        }),
        ["more nodes than any model has"] = ("more than 200000 nodes", writer =>
        {
            for (var i = 0; i < 200_001; i++) writer.Append("Relu", [i == 0 ? "pixels" : $"t{i - 1}"], [$"t{i}"]);
        }),
        ["a long chain of nodes"] = ("no attention site found", writer =>
        {
            for (var i = 0; i < 50_000; i++) writer.Append("Relu", [i == 0 ? "pixels" : $"t{i - 1}"], [$"t{i}"]);
        }),
        ["more attention sites than any model has"] = ("more than 512 attention sites", writer =>
        {
            for (var i = 0; i < 600; i++)
            {
                var scores = writer.Node("Softmax", [writer.Node("MatMul", ["pixels", "pixels"])], Attribute("axis", -1));
                writer.Node("MatMul", [scores, "pixels"]);
            }
        }),
        ["a weight that claims terabytes"] = ("no attention site found", writer =>
        {
            writer.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = OnnxTensor.Float, Dims = { 1L << 40, 1L << 20 } });
            writer.Append("Add", ["pixels", "w"], ["a"]);
        }),
        ["negative sizes"] = ("no attention site found", writer =>
        {
            writer.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = OnnxTensor.Float, Dims = { -3, -4 },
                RawData = ByteString.CopyFrom(new byte[48]) });
            writer.Append("Add", ["pixels", "w"], ["a"]);
        }),
        ["a shape of astronomic length"] = ("asks for a tensor of size 8214565720323784703", writer =>
        {
            var shape = writer.Node("Reshape", [writer.Integers(1, 2, 3), writer.Integers(8214565720323784703)]);
            writer.Append("Expand", [writer.Scalar(1), shape], ["a"]);
        }),
        ["a padding of astronomic width"] = ("asks for a tensor of size 1099511627776", writer =>
            writer.Append("Conv", ["pixels", writer.Weight(1, 3, 1, 1)], ["a"], Attribute("pads", 0, 0, 1L << 40, 1L << 40))),
        ["constants of the wrong length"] = ("no attention site found", writer =>
        {
            writer.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = OnnxTensor.Int64, Dims = { 4 }, RawData = ByteString.CopyFrom(new byte[3]) });
            writer.Append("Reshape", ["pixels", "w"], ["a"]);
        }),
        ["nothing but an input"] = ("is not an ONNX file", _ => { }),
        ["no picture"] = ("takes no picture", writer =>
        {
            writer.Graph.Input.Clear();
            writer.InputOf(OnnxTensor.Int64, "ids", 1, 8);
            writer.Append("Cast", ["ids"], ["a"], Attribute("to", 1));
        }),
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_hostile_graph_is_refused(string form)
    {
        var writer = new ModelWriter();
        writer.Input("pixels", 1, 3, 32, 32);
        Writers[form].Write(writer);
        writer.Save(ModelPath);
        Assert.Contains(Writers[form].Reason, Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../weights")]
    [InlineData("../hostile/weights")]
    [InlineData("data/../weights")]
    [InlineData("data\\..\\..\\weights")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public void External_data_may_not_lead_upwards_not_even_to_come_back(string location)
    {
        var writer = new ModelWriter();
        writer.Input("pixels", 1, 3, 32, 32);
        writer.Graph.Initializer.Add(External(location));
        writer.Append("Add", ["pixels", "w"], ["a"]);
        File.WriteAllBytes(ModelPath, writer.Model.ToByteArray());
        File.WriteAllText(Path.Combine(folder.Path, "weights"), "weights");
        Assert.Contains("external data must stay inside the model's folder", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Constants_of_nodes_may_not_lie_in_other_files(bool inside)
    {
        var constant = new NodeProto { OpType = "Constant", Output = { "w" },
            Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = External("weights") } } };
        var body = new GraphProto { Name = "body", Node = { constant } };
        var writer = new ModelWriter();
        writer.Input("pixels", 1, 3, 32, 32);
        writer.Graph.Node.Add(inside
            ? new NodeProto { OpType = "If", Input = { "pixels" }, Output = { "w" },
                Attribute = { new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = body } } }
            : constant);
        writer.Append("Add", ["pixels", "w"], ["a"]);
        File.WriteAllBytes(ModelPath, writer.Model.ToByteArray());
        Assert.Contains("only initializers of the graph may lie there", Refusal(), StringComparison.Ordinal);
    }

    private static TensorProto External(string location) => new()
    {
        Name = "w", DataType = OnnxTensor.Float, Dims = { 1, 3, 32, 32 }, DataLocation = OnnxTensor.External,
        ExternalData = { new StringStringEntryProto { Key = "location", Value = location } },
    };

    [Fact]
    public void Graphs_nested_too_deep_are_refused()
    {
        var inner = new GraphProto { Name = "leaf" };
        for (var depth = 0; depth < 500; depth++)
        {
            var body = new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = inner };
            inner = new GraphProto { Name = "nest", Node = { new NodeProto { OpType = "If", Input = { "c" }, Output = { "o" }, Attribute = { body } } } };
        }
        File.WriteAllBytes(ModelPath, new ModelProto { IrVersion = 8, Graph = inner, OpsetImport = { new OperatorSetIdProto { Version = 17 } } }.ToByteArray());
        Assert.Contains("is not an ONNX file", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_that_claims_more_than_the_file_holds_allocates_nothing()
    {
        // A graph of 2^60 bytes in a file of 12.
        File.WriteAllBytes(ModelPath, [0x08, 0x08, 0x3A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("truncated", Refusal(), StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void A_model_damaged_anywhere_is_served_or_refused()
    {
        var original = File.ReadAllBytes(SharedFixtures.InShared("fixtures", "models", "vit", "onnx", "model_dynamo23.onnx"));
        var random = new Random(11);
        var (served, refused) = (0, 0);
        for (var round = 0; round < 60; round++)
        {
            var bytes = original.ToArray();
            // The first tenth holds the nodes: damage there reaches the graph and not only a weight.
            for (var hit = 0; hit < 3; hit++) bytes[random.Next(round % 2 == 0 ? bytes.Length / 10 : bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(ModelPath, round % 5 == 4 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                using var towers = TowerLoader.Load(ModelFolder.Open(ModelPath), FixtureModels.Factory);
                served++;
            }
            catch (ModelRefusedException)
            {
                refused++;
            }
        }
        output.WriteLine($"{served} served, {refused} refused");
        Assert.True(refused > 0);
    }

    private string Refusal()
    {
        var message = Assert.Throws<ModelRefusedException>(() => TowerLoader.Load(ModelFolder.Open(ModelPath), FixtureModels.Factory)).Message;
        output.WriteLine(message);
        return message;
    }
}
