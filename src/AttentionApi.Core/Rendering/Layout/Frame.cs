using AttentionApi.Core.Explain;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>One map, and the words below it where there are several.</summary>
internal sealed record Panel(Heatmap Map, Caption Caption);

/// <summary>What is shown at one time: one panel, or up to sixteen side by side, and the legend's words for all of them.</summary>
internal sealed record Frame(Caption Caption, IReadOnlyList<Panel> Panels)
{
    /// <summary>Maps of labels that are not shown; they count for the colour scale of those that are.</summary>
    public IReadOnlyList<Heatmap> Others { get; init; } = [];
}
