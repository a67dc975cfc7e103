namespace AttentionApi.Core.Models.Processor;

/// <summary>Mean and standard deviation of red, green and blue that libraries take where a file gives none.</summary>
internal static class ChannelStatistics
{
    public static readonly float[] Half = [0.5f, 0.5f, 0.5f];
    public static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    public static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];
    public static readonly float[] OpenAiMean = [0.48145466f, 0.4578275f, 0.40821073f];
    public static readonly float[] OpenAiStd = [0.26862954f, 0.26130258f, 0.27577711f];
}
