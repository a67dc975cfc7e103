using System.Security.Cryptography;
using System.Text;
using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Proto;
using Google.Protobuf;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>
/// An .onnx file as read from disk: its graph without the large weights, and where each part lies in the file.
/// </summary>
internal sealed class OnnxFile
{
    /// <summary>Constants up to this size are read: shapes, indices, scales. Anything larger is a weight and stays in the file.</summary>
    private const int LargestValue = 64 * 1024;
    private const int MostNodes = 200_000;


    public string Path { get; }
    public string FileName => System.IO.Path.GetFileName(Path);
    public string Folder => System.IO.Path.GetDirectoryName(Path)!;
    public long Length { get; private set; }

    public List<OnnxNode> Nodes { get; } = [];
    public Dictionary<string, OnnxTensor> Initializers { get; } = [];
    public List<(ValueInfoProto Value, ByteRange Range)> Inputs { get; } = [];
    public List<(ValueInfoProto Value, ByteRange Range)> Outputs { get; } = [];
    public Dictionary<string, long> Opsets { get; } = [];

    /// <summary>Domains and names of the operators that the file itself defines.</summary>
    public HashSet<(string Domain, string Name)> Functions { get; } = [];

    /// <summary>Fields of the model around its graph, as they lie in the file.</summary>
    public List<ByteRange> ModelFields { get; } = [];

    /// <summary>Fields of the graph that are neither nodes nor initializers, inputs or outputs (names, value types, annotations).</summary>
    public List<ByteRange> GraphFields { get; } = [];

    public string Sha256 { get; private set; } = "";

    /// <summary>True where some weights lie outside of the file.</summary>
    public bool HasExternalData => Initializers.Values.Any(tensor => tensor.ExternalLocation is not null);

    /// <summary>What was exchanged in it since it was read.</summary>
    public IReadOnlyList<GraphEdit> Edits { get; private init; } = [];

    /// <summary>How often nodes of the file have been exchanged; keeps names of our own apart.</summary>
    public int Edition => Edits.Count;

    private OnnxFile(string path) => Path = path;

    /// <summary>The same file with some nodes exchanged for others.</summary>
    public OnnxFile With(GraphEdit edit)
    {
        var made = edit.Nodes.SelectMany(node => node.Output).ToHashSet();
        var file = new OnnxFile(Path) { Edits = [.. Edits, edit], Length = Length, Sha256 = Sha256 };
        var kept = Nodes.Where((_, place) => !edit.Without.Contains(place)).Select(node => (node.Proto, node.Range));
        foreach (var (proto, range) in kept.Concat(edit.Nodes.Select(node => (node, default(ByteRange)))))
            file.Nodes.Add(new OnnxNode(file.Nodes.Count, proto, range));
        foreach (var tensor in Initializers.Values.Concat(edit.Initializers.Select(tensor => OnnxTensor.Of(tensor)))) file.Initializers[tensor.Name] = tensor;
        foreach (var (domain, version) in Opsets) file.Opsets[domain] = version;
        file.Inputs.AddRange(edit.Inputs.Select(input => (input, default(ByteRange))).Concat(Inputs.Where(input => !made.Contains(input.Value.Name))));
        file.Outputs.AddRange(Outputs);
        file.Functions.UnionWith(Functions);
        file.ModelFields.AddRange(ModelFields);
        file.GraphFields.AddRange(GraphFields);
        return file;
    }

    /// <exception cref="ModelRefusedException">The file is missing, empty, truncated or not an ONNX model.</exception>
    public static OnnxFile Read(string path)
    {
        var file = new OnnxFile(System.IO.Path.GetFullPath(path));
        try
        {
            using var stream = ModelFiles.OpenRead(path);
            file.Length = stream.Length;
            file.ThrowIfOtherFormat(stream);
            file.Sha256 = Convert.ToHexStringLower(SHA256.HashData(stream));
            stream.Position = 0;
            file.ReadModel(new WireScanner(stream, file.Length));
        }
        catch (EndOfStreamException cause)
        {
            throw new ModelRefusedException($"{file.FileName} is truncated and cannot be parsed: copy or download it again.", cause);
        }
        catch (Exception cause) when (cause is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new ModelRefusedException($"{file.FileName} is not an ONNX file (its bytes are not an ONNX model): copy or download it again.", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw ModelFiles.Unreadable(file.FileName, cause);
        }
        return file;
    }

    private void ThrowIfOtherFormat(Stream stream)
    {
        if (Length == 0) throw new ModelRefusedException($"{FileName} is an empty file: copy or download it again.");
        Span<byte> start = stackalloc byte[64];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        stream.Position = 0;
        if (start.StartsWith("version https://git-lfs"u8))
            throw new ModelRefusedException($"{FileName} is not an ONNX file but a Git LFS pointer: fetch the weights with 'git lfs pull'.");
        if (start.Length > 8 && start[4..].StartsWith("ORTM"u8))
            throw new ModelRefusedException($"{FileName} is not an ONNX file but ONNX Runtime's own .ort format: "
                + "put the .onnx file that it was made from here.");
    }

    private void ReadModel(WireScanner scanner)
    {
        var graphs = 0;
        while (scanner.TryReadField(Length, out var field))
        {
            if (field.Number != ModelProto.GraphFieldNumber || !field.IsBytes) ModelFields.Add(field.Whole);
            if (!field.IsBytes) continue;
            switch (field.Number)
            {
                case ModelProto.GraphFieldNumber:
                    graphs++;
                    ReadGraph(scanner, field.Payload.End);
                    break;
                case ModelProto.OpsetImportFieldNumber:
                    var opset = OperatorSetIdProto.Parser.ParseFrom(scanner.Read(field.Payload));
                    Opsets[Domain(opset.Domain)] = opset.Version;
                    break;
                case ModelProto.FunctionsFieldNumber:
                    var function = FunctionProto.Parser.WithDiscardUnknownFields(true).ParseFrom(scanner.Read(field.Payload));
                    Functions.Add((Domain(function.Domain), function.Name));
                    break;
                default:
                    scanner.SkipTo(field.Payload.End);
                    break;
            }
        }
        if (graphs == 0 || Nodes.Count == 0) throw new InvalidDataException("No graph.");
    }

    private void ReadGraph(WireScanner scanner, long end)
    {
        while (scanner.TryReadField(end, out var field))
        {
            switch (field.IsBytes ? field.Number : 0)
            {
                case GraphProto.NodeFieldNumber:
                    if (Nodes.Count == MostNodes)
                        throw new ModelRefusedException($"{FileName} has more than {MostNodes} nodes, more than any vision transformer needs.");
                    Nodes.Add(new OnnxNode(Nodes.Count, NodeProto.Parser.ParseFrom(scanner.Read(field.Payload)), field.Whole));
                    break;
                case GraphProto.InitializerFieldNumber:
                    var tensor = ReadTensor(scanner, field);
                    Initializers[tensor.Name] = tensor;
                    break;
                case GraphProto.InputFieldNumber:
                    Inputs.Add((ValueInfoProto.Parser.ParseFrom(scanner.Read(field.Payload)), field.Whole));
                    break;
                case GraphProto.OutputFieldNumber:
                    Outputs.Add((ValueInfoProto.Parser.ParseFrom(scanner.Read(field.Payload)), field.Whole));
                    break;
                default:
                    GraphFields.Add(field.Whole);
                    if (field.IsBytes) scanner.SkipTo(field.Payload.End);
                    break;
            }
        }
    }

    private static OnnxTensor ReadTensor(WireScanner scanner, WireScanner.Field field)
    {
        if (field.Payload.Length <= LargestValue) return OnnxTensor.Of(TensorProto.Parser.ParseFrom(scanner.Read(field.Payload)), range: field.Whole);
        var header = new TensorProto();
        while (scanner.TryReadField(field.Payload.End, out var part))
        {
            switch (part.Number)
            {
                case TensorProto.DimsFieldNumber when !part.IsBytes: header.Dims.Add(part.Value); break;
                case TensorProto.DimsFieldNumber:
                    var packed = new CodedInputStream(scanner.Read(part.Payload));
                    while (!packed.IsAtEnd) header.Dims.Add(packed.ReadInt64());
                    break;
                case TensorProto.DataTypeFieldNumber: header.DataType = (int)part.Value; break;
                case TensorProto.DataLocationFieldNumber: header.DataLocation = (int)part.Value; break;
                case TensorProto.NameFieldNumber: header.Name = Encoding.UTF8.GetString(scanner.Read(part.Payload)); break;
                case TensorProto.ExternalDataFieldNumber: header.ExternalData.Add(StringStringEntryProto.Parser.ParseFrom(scanner.Read(part.Payload))); break;
                default: scanner.SkipTo(part.IsBytes ? part.Payload.End : scanner.Position); break;
            }
        }
        return OnnxTensor.Of(header, range: field.Whole, valuesRead: false);
    }

    /// <summary>"ai.onnx" and the empty domain are the same.</summary>
    public static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;
}
