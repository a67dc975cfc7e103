using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What methods that need nothing of a model but its answers have in common.</summary>
internal static class AnswersAlone
{
    public static readonly Parameter<PatchFill> Fill = ParameterKinds.Word("fill", PatchFill.Mean,
        "What stands in place of hidden patches: the mean colour that preprocessing subtracts, black, or the picture blurred.")
        with { Title = "Hidden patches become", WordTitles = ["mean colour", "black", "blurred"] };

    public static string? WhyNot(ModelFacts model) =>
        model.Scores == ScoreKind.None ? $"it judges no labels: {model.TextMissing ?? "it has neither a text tower nor a classification head"}" : null;
}
