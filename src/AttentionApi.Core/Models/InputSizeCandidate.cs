namespace AttentionApi.Core.Models;

/// <summary>A size of pictures that a model may take, and what says so, in words.</summary>
internal sealed record InputSizeCandidate(PixelSize Size, string Source);
