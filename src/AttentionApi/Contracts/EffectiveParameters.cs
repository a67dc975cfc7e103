using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>Every parameter that took effect, with the value it had; those that the method does not use are left out.</summary>
public sealed record EffectiveParameters
{
    /// <summary>As sent, trimmed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Templates that labels were put into.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Prompt { get; init; }

    /// <summary>View of the similarities.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? View { get; init; }

    /// <summary>The label set against.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Versus { get; init; }

    /// <summary>First layer, from 1.</summary>
    public int FromLayer { get; init; }

    /// <summary>Last layer, included.</summary>
    public int ToLayer { get; init; }

    /// <summary>How heads became one matrix.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? HeadFusion { get; init; }

    /// <summary>The one head, from 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Head { get; init; }

    /// <summary>fused or each.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Heads { get; init; }

    /// <summary>α in (F + αI).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public double? Residual { get; init; }

    /// <summary>ρ, the share of smallest entries set to zero.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public double? Discard { get; init; }

    /// <summary>cls, mean, or row,column of a patch.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Query { get; init; }

    /// <summary>Predictions listed for a classifier.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Top { get; init; }

    /// <summary>The label that pictures are for; null where nothing is judged.</summary>
    public string? Target { get; init; }
}
