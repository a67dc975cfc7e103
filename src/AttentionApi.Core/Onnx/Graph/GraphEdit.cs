using AttentionApi.Core.Onnx.Proto;

namespace AttentionApi.Core.Onnx.Graph;

/// <summary>Nodes of a file that are replaced by nodes of our own.</summary>
/// <param name="Without">Places of the nodes that are left out.</param>
/// <param name="Nodes">What comes in their place. An input that one of them makes is no input any more.</param>
/// <param name="Initializers">Constants of the new nodes.</param>
/// <param name="Inputs">New inputs.</param>
internal sealed record GraphEdit(
    IReadOnlySet<int> Without, IReadOnlyList<NodeProto> Nodes, IReadOnlyList<TensorProto> Initializers, IReadOnlyList<ValueInfoProto> Inputs);
