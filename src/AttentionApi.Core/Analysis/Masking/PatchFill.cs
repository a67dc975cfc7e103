namespace AttentionApi.Core.Analysis.Masking;

/// <summary>What stands in place of hidden patches.</summary>
internal enum PatchFill
{
    /// <summary>The mean colour that the model's preprocessing subtracts: 0 in its input.</summary>
    Mean,
    Black,
    /// <summary>The picture itself, blurred so far that no detail is left.</summary>
    Blur,
}
