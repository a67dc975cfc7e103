using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>One line of the answer of /explain/batch: what became of one picture.</summary>
/// <param name="Index">Place of the picture among those sent, from 0.</param>
/// <param name="File">The name that the form gives the file; null where it gives none.</param>
/// <param name="Answer">As of /explain; absent where there is a problem.</param>
/// <param name="Problem">Why there is no answer; absent where there is one.</param>
public sealed record BatchLine(
    int Index, string? File,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ExplainResponse? Answer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Problem? Problem);
