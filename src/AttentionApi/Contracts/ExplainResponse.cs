using System.Text.Json.Serialization;

namespace AttentionApi.Contracts;

/// <summary>The answer of /explain.</summary>
/// <param name="Model">What the maps' numbers depend on.</param>
/// <param name="Image">The picture, and what of it the model saw.</param>
/// <param name="Method">The method that made the maps.</param>
/// <param name="Parameters">Every value that took effect.</param>
/// <param name="Predictions">Best first.</param>
/// <param name="Maps">In the order of the contract.</param>
/// <param name="Trajectory">alignment: similarity of the CLS token after each layer, raw.</param>
/// <param name="TextTokens">On request: the weight of each text token.</param>
/// <param name="Matrix">On request: the whole rollout matrix, row = query, column = key.</param>
/// <param name="Series">Other numbers by layer, head or label that the method gives; absent where it gives none.</param>
/// <param name="Scores">Single numbers about maps or labels that the method gives; absent where it gives none.</param>
/// <param name="Completeness">Where the method's parts add up to the score: how they do, by label; else null.</param>
/// <param name="Evidence">score=true: how well the target's map explains the answer; else absent.</param>
/// <param name="Warnings">What a careful reader must know.</param>
/// <param name="Timings">Milliseconds of each stage.</param>
/// <param name="ModelRuns">Runs of the vision model that this call caused; 0 where everything was known.</param>
public record ExplainResponse(
    ModelSummary Model, ImageSummary Image, string Method, EffectiveParameters Parameters, IReadOnlyList<Prediction> Predictions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<PatchMap>? Maps,
    IReadOnlyList<Trajectory>? Trajectory, IReadOnlyList<TextTokens>? TextTokens, NumberGrid? Matrix,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SeriesByName? Series,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Score>? Scores,
    IReadOnlyList<Completeness>? Completeness, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Evidence? Evidence,
    IReadOnlyList<string> Warnings, IReadOnlyDictionary<string, double> Timings, int ModelRuns);

/// <summary>How the parts of a label's score add up: sum + bias + residual = score.</summary>
/// <param name="Label">As sent.</param>
/// <param name="Sum">Relevance of all tokens, prefix tokens included: mean over the layers of the range.</param>
/// <param name="Bias">What the model's biases have in the score, computed on its own: mean over the layers of the range.</param>
/// <param name="Score">The class logit, or the cosine of picture and label.</param>
/// <param name="Residual">What is missing: rounding, and for 8-bit models what quantisation rounds.</param>
public sealed record Completeness(string Label, double Sum, double Bias, double Score, double Residual);

/// <summary>One label or class, judged.</summary>
/// <param name="Label">As sent, or the class name.</param>
/// <param name="Score">Softmax over the labels or classes; SigLIP: sigmoid of the logit.</param>
/// <param name="Logit">Scale times cosine plus bias, or the class logit.</param>
public sealed record Prediction(string Label, float Score, float Logit);

/// <summary>The model of an answer.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Layers">Layers of the vision tower.</param>
/// <param name="Heads">Heads of each layer.</param>
/// <param name="Grid">Patches, rows by columns.</param>
/// <param name="PrefixTokens">Tokens before the patches.</param>
/// <param name="SuffixTokens">Tokens after the patches.</param>
/// <param name="Domain">What the model's card says of what it knows; absent where it says nothing.</param>
public sealed record ModelSummary(
    string Id, int Layers, int Heads, Grid Grid, int PrefixTokens, int SuffixTokens,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Domain);

/// <summary>The picture of an answer, upright.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Orientation">EXIF's, 1 to 8, that was applied to what the file stores; 1: none.</param>
/// <param name="Sha256">Of the bytes as received.</param>
/// <param name="Seen">The part that the model saw; a map covers exactly that.</param>
public sealed record ImageSummary(int Width, int Height, int Orientation, string Sha256, Area Seen);

/// <summary>A rectangle in pixels of the picture, in real numbers.</summary>
/// <param name="X">Left edge; negative where the crop is larger than the picture.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public sealed record Area(double X, double Y, double Width, double Height);

/// <summary>One map over the patches.</summary>
/// <param name="Layer">From 1.</param>
/// <param name="Head">From 1; null where heads are fused.</param>
/// <param name="Label">As sent; null where the method does not depend on labels.</param>
/// <param name="Signed">True where negative values mean "against".</param>
/// <param name="Minimum">Lowest value.</param>
/// <param name="Maximum">Highest value.</param>
/// <param name="Flat">True where it says nothing: all values are equal.</param>
/// <param name="Values">Rows of patches, unscaled; features: of every patch its components, 0…1.</param>
/// <param name="Explained">features: each component's share of what the patches' states differ by; else absent.</param>
public sealed record PatchMap(int Layer, int? Head, string? Label, bool Signed, float Minimum, float Maximum, bool Flat, PatchNumbers Values,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<float>? Explained = null);

/// <summary>A label's similarity with the CLS token after each layer of the range.</summary>
/// <param name="Label">As sent.</param>
/// <param name="Values">One per layer, raw.</param>
public sealed record Trajectory(string Label, IReadOnlyList<float> Values);

/// <summary>A number about a map or a label.</summary>
/// <param name="Name">What it measures.</param>
/// <param name="Label">The label it belongs to; null where it belongs to none.</param>
/// <param name="Value">The number.</param>
public sealed record Score(string Name, string? Label, float Value);

/// <summary>A label's text tokens and what they carry.</summary>
/// <param name="Label">As sent.</param>
/// <param name="Prompt">The text that was encoded.</param>
/// <param name="Tokens">In their order, without padding.</param>
public sealed record TextTokens(string Label, string Prompt, IReadOnlyList<TextToken> Tokens);

/// <summary>One text token.</summary>
/// <param name="Id">In the vocabulary.</param>
/// <param name="Token">As people read it.</param>
/// <param name="Weight">Its share in the pooled position by text rollout; methods that use gradients: its relevance for picture and label.</param>
public sealed record TextToken(int Id, string Token, float Weight);

/// <summary>The answer of /predict.</summary>
/// <param name="Model">The model's id.</param>
/// <param name="Predictions">Best first.</param>
/// <param name="Expected">What was expected against what was predicted; absent where nothing was said to be expected.</param>
/// <param name="Warnings">What a careful reader must know.</param>
/// <param name="Timings">Milliseconds of each stage.</param>
/// <param name="ModelRuns">Runs of the vision model that this call caused.</param>
public sealed record PredictResponse(
    string Model, IReadOnlyList<Prediction> Predictions, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Expectation? Expected,
    IReadOnlyList<string> Warnings, IReadOnlyDictionary<string, double> Timings, int ModelRuns);
