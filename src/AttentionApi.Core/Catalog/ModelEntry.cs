using AttentionApi.Core.Loading;

namespace AttentionApi.Core.Catalog;

/// <summary>State of a model in the catalogue.</summary>
public enum ModelStatus { Ready, Loading, Unloaded, Refused }

/// <summary>A model as listed: facts are null until it was loaded once.</summary>
public sealed record ModelEntry(string Id, bool IsDefault, ModelStatus Status, string? Reason, ModelFacts? Facts)
{
    /// <summary>True where it is refused because its files have to be chosen, or chosen otherwise.</summary>
    internal bool ChooseFiles { get; init; }
}
