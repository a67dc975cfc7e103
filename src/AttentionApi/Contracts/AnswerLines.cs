using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>One line of an answer that tells how far it is; one of the members is there. The last line has the answer, or the problem.</summary>
/// <param name="Progress">How far the model's runs on changed pictures are.</param>
/// <param name="Answer">As it is without lines.</param>
/// <param name="Problem">What went wrong after the first line was sent; before that, the status says so.</param>
public sealed record AnswerLine<T>(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RunProgress? Progress,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] T? Answer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Problem? Problem) where T : class;

/// <summary>How far the model's runs on changed pictures are.</summary>
/// <param name="Done">Runs that have ended, or whose answers were known.</param>
/// <param name="Total">The most that the call needs.</param>
public sealed record RunProgress(int Done, int Total);

/// <summary>A line of /explain/batch for a picture that was explained: the answer of /explain, and which picture it is of.</summary>
public sealed record BatchAnswer : ExplainResponse
{
    internal BatchAnswer(int index, string? name, ExplainResponse answer) : base(answer) => (Index, Name) = (index, name);

    /// <summary>Place of the picture among those sent, from 0.</summary>
    [JsonPropertyOrder(-2)]
    public int Index { get; init; }

    /// <summary>The name that the form gives the file; null where it gives none.</summary>
    [JsonPropertyOrder(-1)]
    public string? Name { get; init; }
}

/// <summary>A line of /explain/batch for a picture that could not be explained.</summary>
/// <param name="Index">Place of the picture among those sent, from 0.</param>
/// <param name="Name">The name that the form gives the file; null where it gives none.</param>
/// <param name="Problem">Why there is no answer.</param>
public sealed record BatchProblem(int Index, string? Name, Problem Problem);
