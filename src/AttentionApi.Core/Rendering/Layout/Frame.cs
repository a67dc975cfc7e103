using AttentionApi.Core.Explain;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>One map with its words.</summary>
internal sealed record Panel(Heatmap Map, Caption Caption);

/// <summary>What is shown at one time: one panel, or up to sixteen side by side, and the words that hold for all of them.</summary>
internal sealed record Frame(string Words, IReadOnlyList<Panel> Panels)
{
    /// <summary>Maps of labels that are not shown, with which those that are share their colour scale.</summary>
    public IReadOnlyList<Heatmap> Others { get; init; } = [];
}
