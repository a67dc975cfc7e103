namespace AttentionApi.Core.Models;

/// <summary>How scores come from logits.</summary>
public enum ScoreKind
{
    /// <summary>Neither head nor text tower: nothing to score.</summary>
    None,
    /// <summary>Softmax over the given labels (CLIP), or over the classes.</summary>
    Softmax,
    /// <summary>Sigmoid of each logit: SigLIP, classifiers of several labels, a single logit.</summary>
    Sigmoid,
}
