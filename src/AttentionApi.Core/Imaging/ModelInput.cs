namespace AttentionApi.Core.Imaging;

/// <summary>What the model is given, and where it lies in the original picture.</summary>
/// <param name="Pixels">Normalised pixel values, [3, height, width], batch 1.</param>
/// <param name="Width">Model input width.</param>
/// <param name="Height">Model input height.</param>
/// <param name="Seen">The part of the oriented original picture that the patches cover.</param>
internal sealed record ModelInput(float[] Pixels, int Width, int Height, Region Seen);
