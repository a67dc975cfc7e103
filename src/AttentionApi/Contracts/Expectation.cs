namespace AttentionApi.Contracts;

/// <summary>What was expected against what was predicted.</summary>
/// <param name="Label">What was expected: as sent, or the class name.</param>
/// <param name="Score">Its score.</param>
/// <param name="Logit">Its logit.</param>
/// <param name="Rank">Its place among all labels or classes, from 1.</param>
/// <param name="Of">How many labels or classes there are.</param>
/// <param name="Against">What it is set against: the prediction; the runner-up where the prediction is as expected. Null where there is no other label.</param>
/// <param name="Gap">
/// Logit of the other minus its own: what would have to change. Negative where the expected label leads; null where there is no other.
/// </param>
/// <param name="Method">The method that made the map; null where none of the model's methods can.</param>
/// <param name="Map">The expected label's map minus the other's; positive values speak for the expected label.</param>
/// <param name="Account">The gap as a sum, in logits; null where the method's parts do not add up to scores.</param>
/// <param name="Turn">From how many hidden patches on the model prefers the expected label; null where it does already, or does at no step.</param>
/// <param name="Summary">The same in words.</param>
public sealed record Expectation(
    string Label, float Score, float Logit, int Rank, int Of, Prediction? Against, float? Gap, string? Method, PatchMap? Map, GapParts? Account,
        TurnOfAnswer? Turn,
    string Summary);

/// <summary>The expected label's logit minus the other's, as a sum: patches + rest.</summary>
/// <param name="Patches">What all patches together add.</param>
/// <param name="Rest">What other tokens, biases and the method's own remainder add.</param>
/// <param name="ForExpected">At most five patches that speak most for the expected label, the strongest first.</param>
/// <param name="ForOther">At most five patches that speak most for the other, the strongest first.</param>
public sealed record GapParts(double Patches, double Rest, IReadOnlyList<PatchPart> ForExpected, IReadOnlyList<PatchPart> ForOther);

/// <summary>What one patch adds to the expected label's logit beyond the other's.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Column">From 0.</param>
/// <param name="Value">In logits.</param>
public sealed record PatchPart(int Row, int Column, float Value);

/// <summary>Where the answer turns while the patches that speak most for the other label are hidden under the mean colour.</summary>
/// <param name="Patches">Hidden patches, by the steps of a fourteenth.</param>
/// <param name="Of">Patches that there are.</param>
/// <param name="Answer">The best label then; it may be a third one.</param>
public sealed record TurnOfAnswer(int Patches, int Of, string Answer);
