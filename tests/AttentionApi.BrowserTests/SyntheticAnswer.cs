using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace AttentionApi.BrowserTests;

/// <summary>
/// A tensors answer of a model of any size without that model: in every layer and row the same attention, so that a rollout without residual is that row,
/// whatever its depth.
/// </summary>
internal static class SyntheticAnswer
{
    /// <summary>Attention to a patch, before normalisation; tokens are CLS and the patches.</summary>
    public static double Weight(int patch) => 1 + patch % 7;

    public static double Attention(int patch, int side) => Weight(patch) / (1 + Enumerable.Range(0, side * side).Sum(Weight));

    public static byte[] Create(int layers, int side)
    {
        var tokens = side * side + 1;
        var row = Enumerable.Range(-1, tokens).Select(patch => (Half)((patch < 0 ? 1 : Weight(patch)) * Attention(0, side))).ToArray();
        var attention = new byte[2 * layers * tokens * tokens];
        for (var at = 0; at < attention.Length; at += 2 * tokens) MemoryMarshal.AsBytes(row.AsSpan()).CopyTo(attention.AsSpan(at));

        var explain = new JsonObject
        {
            ["model"] = new JsonObject
            {
                ["id"] = "demo-clip", ["layers"] = layers, ["heads"] = 12, ["prefixTokens"] = 1, ["suffixTokens"] = 0,
                ["grid"] = new JsonObject { ["rows"] = side, ["columns"] = side },
            },
            ["image"] = new JsonObject
            {
                ["width"] = 400, ["height"] = 400, ["sha256"] = "", ["seen"] = new JsonObject { ["x"] = 0, ["y"] = 0, ["width"] = 400, ["height"] = 400 },
            },
            ["parameters"] = new JsonObject { ["query"] = "cls" },
            ["predictions"] = new JsonArray(), ["warnings"] = new JsonArray(), ["timings"] = new JsonObject(),
        };
        // The three fusions are equal, and lie in the same bytes.
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["labels"] = "[]", ["explain"] = explain.ToJsonString() } };
        foreach (var fusion in new[] { "mean", "max", "min" })
        {
            header[$"attention.{fusion}"] = new JsonObject { ["dtype"] = "F16", ["shape"] = new JsonArray(layers, tokens, tokens),
                ["data_offsets"] = new JsonArray(0, attention.Length) };
        }
        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. attention];
    }
}
