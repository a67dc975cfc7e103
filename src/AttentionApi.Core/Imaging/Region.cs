namespace AttentionApi.Core.Imaging;

/// <summary>A rectangle in pixels of the oriented original picture, in real numbers; x and y may be negative where a crop is larger than the picture.</summary>
internal readonly record struct Region(double X, double Y, double Width, double Height);
