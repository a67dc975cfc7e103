using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime.Gradients;
using AttentionApi.Core.Runtime.Text;

namespace AttentionApi.Core.Analysis;

/// <summary>
/// What each text token has in the cosine of picture and label, over all layers of the text tower: Chefer's relevance in the row of the position that becomes
/// the embedding (identity included), or LibraGrad's relevance, signed.
/// </summary>
internal static class TextRelevance
{
    /// <summary>The answer to who asks for it where the text tower gives no such gradients.</summary>
    public static ParameterException Refused(ModelFacts model, string reason) => new("textTokens",
        $"The text tower of the model '{model.Id}' gives no gradients to weigh text tokens by: {reason.TrimEnd('.')}. Leave 'textTokens' out, or take a "
            + "method without gradients.");

    public static TextTokenWeights Weigh(EncodedText text, LayerGradients gradients, int layers, bool isLibra)
    {
        double[] weights;
        if (isLibra) weights = LibraRelevance.Sum(gradients.Relevance, layers, 1, layers);
        else
        {
            var pooled = new double[(int)Math.Round(Math.Sqrt(gradients.Attention!.Length / layers))];
            pooled[text.PooledPosition] = 1;
            weights = CheferRelevance.Row(gradients.Attention, 1, 1, layers, pooled);
        }
        return new(text.Label, text.Prompt, [.. text.Ids.Select((id, position) => new TextTokenWeight(id, text.Tokens[position], (float)weights[position]))]);
    }
}
