namespace AttentionApi.Core.Models;

/// <summary>What a model's head reads of the last hidden states.</summary>
internal enum HeadReading
{
    /// <summary>One token, through a norm and one linear layer.</summary>
    Token,
    /// <summary>The mean of the patches.</summary>
    MeanOfPatches,
    /// <summary>The mean of all tokens.</summary>
    MeanOfTokens,
    /// <summary>A mean that a learned query weighs by attention (SigLIP).</summary>
    Attention,
    /// <summary>Something else, as CLS beside the mean of the patches (DINOv2).</summary>
    Several,
}
