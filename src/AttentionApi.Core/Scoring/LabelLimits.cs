namespace AttentionApi.Core.Scoring;

/// <summary>What one call may ask a text tower.</summary>
/// <param name="Labels">Labels taken at once.</param>
/// <param name="Texts">Labels times prompts: each pair is a text. 1,024 are 12 labels in the 80 prompts of CLIP's ensemble.</param>
public sealed record LabelLimits(int Labels = 64, int Texts = 1024)
{
    public static LabelLimits Default { get; } = new();
}
