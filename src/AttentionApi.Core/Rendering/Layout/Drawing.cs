using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>A drawn picture and what a careful reader of it must know.</summary>
public sealed record Drawing(Raster Raster, IReadOnlyList<string> Warnings);
