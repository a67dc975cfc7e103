using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AttentionApi.Shared;

/// <summary>The embedded model's sizes, as its config.json states them. Tests take for granted only two layers, two heads and 4 × 4 patches.</summary>
internal static partial class Demo
{
    private static readonly JsonElement Config = Read();

    public static int Layers { get; } = Size("vision_config", "num_hidden_layers");
    public static int Heads { get; } = Size("vision_config", "num_attention_heads");
    public static int ImageSize { get; } = Size("vision_config", "image_size");
    public static int PatchSize { get; } = Size("vision_config", "patch_size");
    public static int TextLayers { get; } = Size("text_config", "num_hidden_layers");
    public static int TextPositions { get; } = Size("text_config", "max_position_embeddings");
    public static int EmbeddingSize { get; } = Config.GetProperty("projection_dim").GetInt32();
    public static double LogitScale { get; } = Config.GetProperty("logit_scale").GetDouble();

    /// <summary>Rows, and as many columns, of patches.</summary>
    public static int Side { get; } = ImageSize / PatchSize;
    public static int Patches { get; } = Side * Side;
    /// <summary>CLS and the patches.</summary>
    public static int Tokens { get; } = 1 + Patches;

    /// <summary>The text with numbers for <c>{layers}</c>, <c>{heads}</c> and <c>{side}</c>, also as <c>{layers-1}</c>, <c>{heads+1}</c> or
    /// <c>{side/2}</c>.</summary>
    public static string Fill(string text) => Placeholder().Replace(text, match =>
    {
        var size = match.Groups["size"].Value switch { "layers" => Layers, "heads" => Heads, _ => Side };
        var number = match.Groups["number"] is { Success: true, Value: var digits } ? int.Parse(digits, CultureInfo.InvariantCulture) : 0;
        var filled = match.Groups["sign"].Value switch { "+" => size + number, "-" => size - number, "/" => size / number, _ => size };
        return filled.ToString(CultureInfo.InvariantCulture);
    });

    private static int Size(string tower, string name) => Config.GetProperty(tower).GetProperty(name).GetInt32();

    private static JsonElement Read()
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(SourceTree.DemoModel, "config.json")));
        return config.RootElement.Clone();
    }

    [GeneratedRegex(@"\{(?<size>layers|heads|side)((?<sign>[-+/])(?<number>\d+))?\}")]
    private static partial Regex Placeholder();
}
