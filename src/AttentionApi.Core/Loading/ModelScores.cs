using System.Globalization;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Loading;

/// <summary>How scores are made of logits: the function, and the scale and bias between cosine and logit.</summary>
internal static class ModelScores
{
    /// <summary>The value at which CLIP's training ends (Radford et al. 2021 clip it there); assumed where no file gives one.</summary>
    private const float ClipScale = 100;

    /// <summary>The values at which the training of SigLIP's base model ended (google/siglip-base-patch16-224); assumed likewise.</summary>
    private const float SiglipScale = 117.33f, SiglipBias = -12.93f;

    /// <param name="towers">The model.</param>
    /// <param name="takesText">True where labels are free text.</param>
    /// <param name="warnings">Gets a sentence where scores are not what they seem.</param>
    public static ScoreKind KindOf(ModelTowers towers, bool takesText, List<string> warnings)
    {
        if (takesText) return IsSigmoid(towers) ? ScoreKind.Sigmoid : ScoreKind.Softmax;
        if (towers.Vision.OutputKind != VisionOutputKind.Logits) return ScoreKind.None;
        if (towers.Vision.GraphScores is { } own) return own;
        if (towers.Config.ProblemType == "regression") warnings.Add("The model was trained for regression: its scores are no probabilities, read the logits.");
        // As transformers' pipelines do: a softmax over one class would always be 1.
        return towers.Config.ProblemType == "multi_label_classification" || towers.Vision.Output!.Count == 1 ? ScoreKind.Sigmoid : ScoreKind.Softmax;
    }

    /// <summary>Scale and bias of an image-text model: a graph's, else config.json's, else those that models of the kind end at, with a warning.</summary>
    public static (LogitConstant Scale, LogitConstant? Bias) Constants(ModelTowers towers, ScoreKind kind, List<string> warnings)
    {
        var sigmoid = kind == ScoreKind.Sigmoid;
        var scale = towers.LogitScale ?? (towers.Config.LogitScale is { } configured ? new(configured, "logit_scale of config.json") : null);
        var bias = !sigmoid ? null : towers.LogitBias ?? (towers.Config.LogitBias is { } added ? new(added, "logit_bias of config.json") : null);
        if (scale is null && !sigmoid)
            warnings.Add("No file has the trained logit scale: 100 is assumed, which most CLIP models end at; scores may be too sharp or too flat.");
        if (sigmoid && (scale is null || bias is null))
        {
            var missing = (scale, bias) switch { (null, null) => "logit scale and bias are", (null, _) => "logit scale is", _ => "logit bias is" };
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"The trained {missing} in none of the files: SigLIP's {SiglipScale} and {SiglipBias} are assumed. The order of the labels is right, the "
                    + $"height of their scores need not be."));
        }
        return (scale ?? new(sigmoid ? SiglipScale : ClipScale, "assumed"), bias ?? (sigmoid ? new(SiglipBias, "assumed") : null));
    }

    /// <summary>Models trained with the sigmoid loss add a bias to the cosine, those trained with softmax do not (Zhai et al. 2023, SigLIP).</summary>
    private static bool IsSigmoid(ModelTowers towers) => towers.LogitBias is not null || towers.Config.LogitBias is not null || towers.Config.SigmoidLoss;
}
