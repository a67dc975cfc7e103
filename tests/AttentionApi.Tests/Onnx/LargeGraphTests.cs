using System.Runtime.InteropServices;
using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using static AttentionApi.Tests.Onnx.ModelWriter;

namespace AttentionApi.Tests.Onnx;

/// <summary>A graph of a hundred thousand nodes is looked through in a multiple of the time that reading it takes, however they are wired: no search starts
/// anew at each of them. Processor time of the thread counts, which other tests do not lengthen.</summary>
public sealed partial class LargeGraphTests(ITestOutputHelper output) : IDisposable
{
    private const int Many = 100_000;

    /// <summary>Of the time that reading takes; the slowest form takes less than a tenth of it, and a search at each node far more.</summary>
    private const double Bound = 20;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Forms => [.. Writers.Keys];

    private static readonly Dictionary<string, Action<ModelWriter, string>> Writers = new()
    {
        ["softmaxes whose probabilities pass along one chain"] = (writer, scores) =>
        {
            var chain = "pixels";
            for (var i = 0; i < Many / 2; i++) chain = writer.Node("CastLike", [chain, writer.Node("Softmax", [scores])]);
        },
        ["softmaxes of one sum of everything"] = (writer, scores) =>
        {
            var sum = writer.Node("Sum", [.. Enumerable.Range(0, Many / 2).Select(_ => writer.Node("Relu", [scores]))]);
            for (var i = 0; i < Many / 2; i++) writer.Node("Softmax", [sum]);
        },
        ["softmaxes behind a chain of scales"] = (writer, scores) =>
        {
            for (var i = 0; i < Many / 2; i++) scores = writer.Node("Mul", [scores, "pixels"]);
            for (var i = 0; i < Many / 2; i++) writer.Node("Softmax", [scores]);
        },
        ["softmaxes that meet in one tensor with many readers"] = (writer, scores) =>
        {
            var met = writer.Node("Sum", [.. Enumerable.Range(0, Many / 2).Select(_ => writer.Node("Softmax", [scores]))]);
            for (var i = 0; i < Many / 2; i++) writer.Node("Relu", [met]);
        },
        ["quotients of exponentials by one sum of everything"] = (writer, scores) =>
        {
            var exponentials = Enumerable.Range(0, Many / 2).Select(_ => writer.Node("Exp", [scores])).ToArray();
            var largest = writer.Node("Max", [.. exponentials, writer.Node("ReduceSum", [exponentials[0]], Attribute("axes", [-1L]))]);
            foreach (var exponential in exponentials) writer.Node("Div", [exponential, largest]);
        },
        ["logarithms behind a chain of differences"] = (writer, scores) =>
        {
            for (var i = 0; i < Many / 2; i++) scores = writer.Node("Sub", [scores, "pixels"]);
            for (var i = 0; i < Many / 2; i++) writer.Node("Exp", [scores]);
        },
        ["layers behind a long chain"] = (writer, _) =>
        {
            var stream = "pixels";
            for (var i = 0; i < Many; i++) stream = writer.Node("Relu", [stream]);
            for (var i = 0; i < 500; i++)
            {
                var probabilities = writer.Node("Softmax", [writer.Node("MatMul", [stream, stream])]);
                stream = writer.Node("Add", [stream, writer.Node("MatMul", [probabilities, stream])]);
            }
        },
        ["products of picture and text"] = (writer, _) =>
        {
            writer.Input("text", 1, 3, 32, 32);
            var product = writer.Node("MatMul", ["pixels", "text"]);
            for (var i = 0; i < Many / 2; i++) product = writer.Node("Mul", [product, writer.Scalar(1)]);
            for (var i = 0; i < Many / 2; i++) writer.Append("MatMul", ["pixels", "text"], [$"p{i}"]);
        },
        ["inputs"] = (writer, _) =>
        {
            for (var i = 0; i < Many; i++) writer.Node("Relu", [writer.Input($"input{i}", 1)]);
        },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_hundred_thousand_nodes_are_looked_through_in_proportion_to_reading_them(string form)
    {
        var writer = new ModelWriter();
        writer.Input("pixels", 1, 3, 32, 32);
        Writers[form](writer, writer.Node("MatMul", ["pixels", "pixels"]));
        writer.Output("pixels", "answer");
        writer.Save(folder.At("large.onnx"));

        var began = ProcessorTime();
        var graph = new OnnxGraph(OnnxFile.Read(folder.At("large.onnx")));
        var read = ProcessorTime();
        var sites = new AttentionSites(graph);
        var layers = sites.Found.FindAll(site => !site.LearnedQuery);
        var stream = layers.Count > 0 ? ResidualStream.Find(graph, layers) : null;
        ContrastiveHead.Find(graph, graph.InputBit("pixels"), graph.InputBit("text"));
        var (reading, searching) = (read - began, ProcessorTime() - read);

        output.WriteLine($"{form}: {graph.Nodes.Count} nodes, {sites.Found.Count} sites, {sites.Obstructed.Count} obstructed, "
            + $"{stream?.States.Count ?? 0} states, read in {reading.TotalMilliseconds:0} ms, looked through in {searching.TotalMilliseconds:0} ms");
        Assert.InRange(searching / reading, 0, Bound);
    }

    private static TimeSpan ProcessorTime()
    {
        const int ofThisThread = 3;
        Assert.Equal(0, ReadClock(ofThisThread, out var time));
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
    }

    private readonly record struct ClockTime(nint Seconds, nint Nanoseconds);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out ClockTime time);
}
