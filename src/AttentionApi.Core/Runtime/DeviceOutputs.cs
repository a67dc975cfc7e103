using AttentionApi.Core.Onnx;
using AttentionApi.Core.Onnx.Graph;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AttentionApi.Core.Runtime;

/// <summary>
/// Models without weights around a <see cref="DeviceForward"/>, made here: one brings pictures to the GPU, one puts the outputs of all layers side by side
/// there, so that each part comes to the host in one copy, and makes lengths of hidden states.
/// </summary>
internal static class DeviceOutputs
{
    /// <summary>The input that says how many pictures there are: [pictures, -1].</summary>
    public const string Rows = "rows";

    /// <summary>[picture, E], float32; only where the tower has an answer.</summary>
    public const string Answer = "answer";

    /// <summary>[picture, each layer's mean attention], float32.</summary>
    public const string Attention = "attention";

    /// <summary>[picture, the length of each layer's every token], float32.</summary>
    public const string Lengths = "lengths";

    /// <summary>[picture, the hidden states that leave each layer, layer by layer], as the tower has them.</summary>
    public const string States = "states";

    public const string Pixels = "pixels", Uploaded = "uploaded";

    public static string Input(int index) => $"output_{index}";

    /// <summary>Pixels of the host to memory of the GPU. Given to the model itself, page-locked pixels would stay where they are, and its first kernel would
    /// read them through the bus: a run of 32 pictures of a ViT-B/32 took 30.5 ms instead of 12.6 then (H100), and this takes 0.37.</summary>
    public static byte[] Upload(TensorElementType type)
    {
        var model = new SmallModel();
        model.Input(Pixels, (int)type);
        model.Node("Identity", Uploaded, [Pixels]);
        model.Output(Uploaded, (int)type);
        return model.ToArray();
    }

    /// <param name="tower">Whose outputs <see cref="Input"/> names: the answer, each layer's mean attention, each layer's hidden states.</param>
    public static byte[] Collect(VisionTower tower)
    {
        var model = new SmallModel();
        var (outputs, layers) = (DeviceForward.OutputsOf(tower), tower.Layers.Count);
        model.Input(Rows, OnnxTensor.Int64, 1);
        var flat = outputs.Select((_, i) => $"flat_{i}").ToList();
        for (var i = 0; i < outputs.Count; i++)
        {
            model.Input(Input(i), (int)outputs[i].ElementType);
            model.Node("Reshape", flat[i], [Input(i), Rows]);
        }
        // Half-precision answers and lengths come as float32; mean attention is float32 already.
        var real = GraphInstrumenter.Integer("to", OnnxTensor.Float);
        if (tower.Output is not null)
        {
            model.Node("Cast", Answer, [flat[0]], real);
            model.Output(Answer, OnnxTensor.Float);
        }
        model.Node("Concat", Attention, flat[^(2 * layers)..^layers], GraphInstrumenter.Integer("axis", 1));
        model.Node("Concat", States, flat[^layers..], GraphInstrumenter.Integer("axis", 1));
        model.Integers("by_token", 0, (long)layers * tower.Tokens, tower.Embeddings.Count / tower.Tokens);
        model.Integers("last_axis", -1);
        model.Node("Cast", "real_states", [States], real);
        model.Node("Reshape", "tokens", ["real_states", "by_token"]);
        // CUDA's ReduceL2 goes through cuDNN; sums along the last axis have a kernel of their own.
        model.Node("Mul", "squares", ["tokens", "tokens"]);
        model.Node("ReduceSum", "sums", ["squares", "last_axis"], GraphInstrumenter.Integer("keepdims", 0));
        model.Node("Sqrt", Lengths, ["sums"]);
        model.Output(Attention, OnnxTensor.Float);
        model.Output(Lengths, OnnxTensor.Float);
        model.Output(States, (int)outputs[^1].ElementType);
        return model.ToArray();
    }
}
