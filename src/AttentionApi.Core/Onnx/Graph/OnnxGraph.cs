using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>
/// The graph of a file: which node produces and which nodes read each tensor, in evaluation order. All walks are loops over that order: their cost is bounded,
/// and none is recursive.
/// </summary>
internal sealed class OnnxGraph
{
    private readonly Dictionary<string, OnnxNode> producers = [];
    private readonly Dictionary<string, List<OnnxNode>> consumers = [];
    private readonly Dictionary<string, OnnxTensor> constants;
    private readonly Dictionary<string, ulong> dependence = [];
    private readonly Dictionary<string, ulong> inputBits = [];
    private readonly HashSet<string> outputs;

    public OnnxFile File { get; }

    /// <summary>Nodes in evaluation order; a node's index is its place here.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; }

    /// <summary>What a caller must feed: graph inputs that are not initializers.</summary>
    public IReadOnlyList<ValueInfoProto> Inputs { get; }
    public IReadOnlyList<string> Outputs { get; }
    public long Opset => File.Opsets.GetValueOrDefault("", 1);

    public OnnxGraph(OnnxFile file)
    {
        File = file;
        constants = new(file.Initializers);
        Inputs = [.. file.Inputs.Select(input => input.Value).Where(input => !file.Initializers.ContainsKey(input.Name))];
        Outputs = [.. file.Outputs.Select(output => output.Value.Name)];
        outputs = [.. Outputs];
        foreach (var node in file.Nodes)
        {
            foreach (var output in node.Outputs.Where(name => name.Length > 0))
            {
                if (!producers.TryAdd(output, node)) throw Invalid($"tensor '{output}' is produced twice");
            }
            foreach (var input in node.Inputs.Concat(node.Captured).Where(name => name.Length > 0).Distinct())
            {
                if (!consumers.TryGetValue(input, out var readers)) consumers[input] = readers = [];
                readers.Add(node);
            }
            if (node.Is("Constant") && ConstantValue(node) is { } value) constants[value.Name] = value;
        }
        ThrowIfDangling();
        Nodes = Sort();
        TraceInputs();
    }

    public OnnxNode? Producer(string tensor) => producers.GetValueOrDefault(tensor);
    public IReadOnlyList<OnnxNode> Consumers(string tensor) => consumers.TryGetValue(tensor, out var readers) ? readers : [];
    public OnnxTensor? Constant(string? tensor) => tensor is null ? null : constants.GetValueOrDefault(tensor);

    /// <summary>
    /// One bit for each graph input whose values (not only its shape) reach a tensor; 0 for constants and for what follows from shapes alone.
    /// </summary>
    public ulong DependsOn(string? tensor) => tensor is null ? 0 : dependence.GetValueOrDefault(tensor);

    public ulong InputBit(string input) => inputBits.GetValueOrDefault(input);

    public bool IsOutput(string tensor) => outputs.Contains(tensor);

    /// <summary>The nodes whose results the given tensors need, themselves included.</summary>
    public HashSet<OnnxNode> Ancestors(params IEnumerable<string> tensors) => Ancestors(tensors, given: []);

    /// <summary>The same, where the values of some tensors are given.</summary>
    public HashSet<OnnxNode> Ancestors(IEnumerable<string> tensors, HashSet<string> given)
    {
        var found = new HashSet<OnnxNode>();
        var open = new Stack<string>(tensors);
        while (open.TryPop(out var tensor))
        {
            if (given.Contains(tensor) || Producer(tensor) is not { } node || !found.Add(node)) continue;
            foreach (var input in node.Inputs.Concat(node.Captured)) open.Push(input);
        }
        return found;
    }

    /// <summary>Whether a node's result is needed for another's. Looks only at what is evaluated between the two.</summary>
    public bool IsAncestor(OnnxNode node, OnnxNode of) => Before(of, node.Index).Contains(node);

    /// <summary>The nodes on the ways from one node to a later one, both left out.</summary>
    public IEnumerable<OnnxNode> Between(OnnxNode first, OnnxNode last)
    {
        var reached = new HashSet<OnnxNode> { first };
        foreach (var node in Before(last, first.Index).OrderBy(node => node.Index))
        {
            var follows = node.Inputs.Concat(node.Captured).Any(input => Producer(input) is { } producer && reached.Contains(producer));
            if (node != first && follows && reached.Add(node)) yield return node;
        }
    }

    /// <summary>The nodes that a node needs, as far back as a place in the evaluation order.</summary>
    private HashSet<OnnxNode> Before(OnnxNode last, int first)
    {
        var found = new HashSet<OnnxNode>();
        var open = new Stack<OnnxNode>([last]);
        while (open.TryPop(out var current))
        {
            foreach (var input in current.Inputs.Concat(current.Captured))
            {
                if (Producer(input) is { } producer && producer.Index >= first && found.Add(producer)) open.Push(producer);
            }
        }
        return found;
    }

    /// <summary>The nodes that read the given tensor, directly or through others.</summary>
    public HashSet<OnnxNode> Descendants(string tensor)
    {
        var found = new HashSet<OnnxNode>();
        var open = new Stack<string>([tensor]);
        while (open.TryPop(out var current))
        {
            foreach (var reader in Consumers(current))
            {
                if (!found.Add(reader)) continue;
                foreach (var output in reader.Outputs) open.Push(output);
            }
        }
        return found;
    }

    /// <summary>
    /// The element type of a tensor of real numbers, found by walking up to a cast, a weight or an input; float32 where none tells.
    /// </summary>
    public int ElementType(string tensor)
    {
        for (var steps = 0; steps < Nodes.Count; steps++)
        {
            if (Constant(tensor) is { } constant) return constant.ElementType;
            if (Inputs.FirstOrDefault(input => input.Name == tensor) is { } input) return input.Type?.TensorType?.ElemType ?? OnnxTensor.Float;
            if (Producer(tensor) is not { } node) break;
            if (node.Is("Cast")) return (int)node.Integer("to", OnnxTensor.Float);
            var scale = node.Is("DequantizeLinear") ? node.Input(1)
                : node.Inputs.FirstOrDefault(name => Constant(name) is { } weight && OnnxTensor.IsReal(weight.ElementType));
            if ((scale ?? node.Input(0)) is not { } next) break;
            tensor = next;
        }
        return OnnxTensor.Float;
    }

    private ModelRefusedException Invalid(string reason) => new($"{File.FileName} is an invalid graph: {reason}.");

    private void ThrowIfDangling()
    {
        var known = new HashSet<string>(File.Inputs.Select(input => input.Value.Name));
        bool IsKnown(string tensor) => tensor.Length == 0 || producers.ContainsKey(tensor) || constants.ContainsKey(tensor) || known.Contains(tensor);
        foreach (var node in File.Nodes)
        {
            if (node.Inputs.Concat(node.Captured).FirstOrDefault(input => !IsKnown(input)) is { } missing)
                throw Invalid($"tensor '{missing}' is read by {node}, but no node produces it");
        }
        if (Outputs.FirstOrDefault(output => !IsKnown(output)) is { } output) throw Invalid($"output '{output}' is produced by no node");
    }

    /// <summary>Kahn's algorithm; keeps the file's order where that is already an evaluation order, as it nearly always is.</summary>
    private List<OnnxNode> Sort()
    {
        var waiting = new int[File.Nodes.Count];
        foreach (var node in File.Nodes)
            waiting[node.Index] = node.Inputs.Concat(node.Captured).Where(name => name.Length > 0).Distinct().Count(producers.ContainsKey);
        var ready = new PriorityQueue<OnnxNode, int>(File.Nodes.Where(node => waiting[node.Index] == 0).Select(node => (node, node.Index)));
        var sorted = new List<OnnxNode>(File.Nodes.Count);
        while (ready.TryDequeue(out var node, out _))
        {
            sorted.Add(node);
            foreach (var reader in node.Outputs.Where(name => name.Length > 0).SelectMany(Consumers))
            {
                if (--waiting[reader.Index] == 0) ready.Enqueue(reader, reader.Index);
            }
        }
        if (sorted.Count < File.Nodes.Count) throw Invalid("its nodes depend on each other in a cycle");
        for (var i = 0; i < sorted.Count; i++) sorted[i].Index = i;
        return sorted;
    }

    private void TraceInputs()
    {
        foreach (var (i, input) in Inputs.Index()) dependence[input.Name] = inputBits[input.Name] = 1UL << Math.Min(i, 63);
        foreach (var node in Nodes)
        {
            if (node.Type is "Shape" or "Size") continue;
            var reached = 0UL;
            foreach (var input in node.Inputs.Concat(node.Captured)) reached |= DependsOn(input);
            if (reached == 0) continue;
            foreach (var output in node.Outputs.Where(name => name.Length > 0)) dependence[output] = reached;
        }
    }

    private static OnnxTensor? ConstantValue(OnnxNode node)
    {
        if (node.Output(0) is not { } name) return null;
        var value = node.Proto.Attribute.FirstOrDefault();
        return value?.Name switch
        {
            "value" when value.T is { } tensor => OnnxTensor.Of(tensor, name),
            "value_int" => OnnxTensor.Of(new TensorProto { DataType = OnnxTensor.Int64, Int64Data = { value.I } }, name),
            "value_ints" => OnnxTensor.Of(new TensorProto { DataType = OnnxTensor.Int64, Dims = { value.Ints.Count }, Int64Data = { value.Ints } }, name),
            "value_float" => OnnxTensor.Of(new TensorProto { DataType = OnnxTensor.Float, FloatData = { value.F } }, name),
            "value_floats" => OnnxTensor.Of(new TensorProto { DataType = OnnxTensor.Float, Dims = { value.Floats.Count }, FloatData = { value.Floats } }, name),
            _ => null,
        };
    }
}
