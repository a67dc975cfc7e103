using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Layout;

/// <summary>A drawn picture, and warnings for its reader.</summary>
internal sealed record Drawing(Raster Raster, IReadOnlyList<string> Warnings);
