using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>What became of one picture of a folder: a line of summary.jsonl.</summary>
/// <param name="Picture">Its path, as given or found.</param>
/// <param name="Files">The files that were written, by kind, relative to the summary; empty where the picture was skipped.</param>
/// <param name="Predictions">Best first.</param>
/// <param name="Warnings">What a careful reader must know.</param>
/// <param name="Milliseconds">From its bytes to its files.</param>
/// <param name="Error">Why it was skipped; absent where it was not.</param>
internal sealed record PictureSummary(
    string Picture, IReadOnlyDictionary<string, string> Files, IReadOnlyList<Prediction> Predictions, IReadOnlyList<string> Warnings, double Milliseconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null);
