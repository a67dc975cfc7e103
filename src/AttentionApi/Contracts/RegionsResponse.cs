namespace AttentionApi.Contracts;

/// <summary>The answer of /explain/regions, in pixels of the upright picture.</summary>
/// <param name="Model">What the map's numbers depend on.</param>
/// <param name="Image">The picture, and what of it the model saw.</param>
/// <param name="Method">The method that made the map.</param>
/// <param name="Parameters">Every value that took effect.</param>
/// <param name="Layer">Of the map, from 1.</param>
/// <param name="Label">Of the map; null where the method does not depend on labels.</param>
/// <param name="Threshold">The lowest value of a region; null where the map is flat.</param>
/// <param name="Regions">The largest first.</param>
/// <param name="Rle">The mask of all of them together.</param>
/// <param name="Warnings">What a careful reader must know.</param>
/// <param name="Timings">Milliseconds of each stage.</param>
/// <param name="ModelRuns">Runs of the vision model that this call caused.</param>
public sealed record RegionsResponse(
    ModelSummary Model, ImageSummary Image, string Method, EffectiveParameters Parameters, int Layer, string? Label, double? Threshold,
        IReadOnlyList<RegionOfMap> Regions, RunLengths Rle,
    IReadOnlyList<string> Warnings, IReadOnlyDictionary<string, double> Timings, int ModelRuns);

/// <summary>A connected part of the map; pixels that touch, corners included, are connected.</summary>
/// <param name="Box">The smallest rectangle around it.</param>
/// <param name="Area">Pixels.</param>
/// <param name="Mass">Its share of the map's positive values, 0…1.</param>
/// <param name="Point">Its pixel with the highest value: a prompt for a segmenter.</param>
/// <param name="Rle">Its own mask.</param>
public sealed record RegionOfMap(Box Box, long Area, double Mass, Pixel Point, RunLengths Rle);

/// <summary>A rectangle of whole pixels.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
public sealed record Box(int X, int Y, int Width, int Height);

/// <summary>A pixel.</summary>
/// <param name="X">Column, from 0.</param>
/// <param name="Y">Row, from 0.</param>
public sealed record Pixel(int X, int Y);

/// <summary>A mask as COCO's compressed run lengths, as pycocotools reads them.</summary>
/// <param name="Size">Height and width of the picture.</param>
/// <param name="Counts">Pixels column by column, outside and inside in turn.</param>
public sealed record RunLengths(IReadOnlyList<int> Size, string Counts);
