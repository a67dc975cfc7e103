using AttentionApi.Core.Models.Configuration;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>Which of a model's outputs is its answer.</summary>
internal static class ModelOutputs
{
    /// <summary>The embedding among the outputs: one row per picture or text. Where several have that shape, their names decide.</summary>
    public static string? Embedding(IReadOnlyDictionary<string, PlainOutput> outputs)
    {
        var rows = outputs.Values.Where(output => output.Info.Shape.Length == 2).Select(output => output.Info.Name).ToList();
        return rows.Find(name => Has(name, "embed")) ?? rows.Find(name => Has(name, "feature"))
            ?? (rows.Count == 1 ? rows[0] : rows.Find(name => Has(name, "pool")));
    }

    /// <summary>The answer of a vision tower: the embedding where there is a text tower, else what <see cref="WithoutText"/> finds.</summary>
    /// <param name="model">The unchanged model.</param>
    /// <param name="image">The bit of its picture input.</param>
    /// <param name="config">What the configuration says about the answer.</param>
    /// <param name="hasText">Whether there is a text tower.</param>
    public static (string Name, VisionOutputKind Kind)? Answer(PlainModel model, ulong image, ModelConfig config, bool hasText) =>
        hasText && model.Embedding(image) is { } embedding ? (embedding, VisionOutputKind.ImageEmbedding) : WithoutText(model.OutputsOf(image), config);

    /// <summary>The answer of a tower without text: logits, or an embedding where its name says so; null where it gives hidden states only.</summary>
    private static (string Name, VisionOutputKind Kind)? WithoutText(IReadOnlyDictionary<string, PlainOutput> outputs, ModelConfig config)
    {
        var rows = outputs.Values.Where(output => output.Info.Shape.Length == 2).Select(output => output.Info).ToList();
        // A single score may have lost its axis.
        if (rows.Count == 0) rows = [.. outputs.Values.Where(output => output.Info.Shape is [1]).Select(output => output.Info)];
        var named = rows.Find(row => config.Labels?.Count == row.Count);
        var answer = rows.Find(row => IsLogits(row.Name)) ?? rows.Find(row => Has(row.Name, "logit"))
            ?? named ?? (rows.Count == 1 && !Has(rows[0].Name, "pool") ? rows[0] : null);
        if (answer is null) return null;
        if (Has(answer.Name, "embed") || Has(answer.Name, "feature")) return (answer.Name, VisionOutputKind.ImageEmbedding);
        return config.NoClasses && answer != named ? null : (answer.Name, VisionOutputKind.Logits);
    }

    /// <summary>What a careful user must know where several outputs may be the answer, as those of the two heads that distillation trains are.</summary>
    /// <param name="outputs">All of the file.</param>
    /// <param name="answer">The one that was taken.</param>
    /// <returns>Null where the choice is clear.</returns>
    public static string? Doubt(IReadOnlyDictionary<string, PlainOutput> outputs, (string Name, VisionOutputKind Kind)? answer)
    {
        if (answer is not (var name, VisionOutputKind.Logits) || IsLogits(name)) return null;
        string[] alike = [.. outputs.Values.Where(output => output.Info.Shape.Length == 2 && output.Info.Count == outputs[name].Info.Count)
            .Select(output => output.Info.Name)];
        return alike.Length == 1 ? null : $"The file has several outputs that may be its answer ({string.Join(", ", alike)}): {name} is explained. "
            + "The model may have been trained for another, or for their mean.";
    }

    private static bool IsLogits(string name) => name.Equals("logits", StringComparison.OrdinalIgnoreCase);

    private static bool Has(string name, string part) => name.Contains(part, StringComparison.OrdinalIgnoreCase);
}
