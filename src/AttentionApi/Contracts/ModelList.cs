using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Contracts;

/// <summary>The models of the models folder.</summary>
/// <param name="Models">By id.</param>
public sealed record ModelList(IReadOnlyList<Model> Models);

/// <summary>One model; what only a load finds out is null until it was loaded once.</summary>
/// <param name="Id">The value of the parameter 'model'.</param>
/// <param name="Default">True for the model that is used where none is named.</param>
/// <param name="Status">ready, loading, unloaded or refused.</param>
/// <param name="Reason">Why it was refused; else null.</param>
/// <param name="Family">The architecture, as the files tell it.</param>
/// <param name="Layers">Layers of the vision tower.</param>
/// <param name="Heads">Heads of each layer.</param>
/// <param name="Grid">Patches, rows by columns.</param>
/// <param name="PrefixTokens">Tokens before the patches: CLS, distillation, registers.</param>
/// <param name="SuffixTokens">Tokens after the patches.</param>
/// <param name="ImageSize">What the model is given, in pixels.</param>
/// <param name="PatchSize">Of that input, in pixels.</param>
/// <param name="Resolutions">Sizes that the parameter 'resolution' takes; null where the model takes only its own.</param>
/// <param name="Text">True where free labels are accepted.</param>
/// <param name="Classes">Number of classes of a classifier; else null.</param>
/// <param name="Scores">How scores come from logits: softmax over the labels or classes, sigmoid of each, or none.</param>
/// <param name="LogitScale">Image-text: from cosine to logit, and where the number was found; else null.</param>
/// <param name="LogitBias">Image-text with sigmoid scores: what is added to the scaled cosine, and where it was found; else null.</param>
/// <param name="Methods">The methods it can serve.</param>
/// <param name="Unavailable">The methods it cannot serve, and why.</param>
/// <param name="Precision">Of the weights in the file.</param>
/// <param name="Provider">The execution provider asked for, the one that runs, and why they differ.</param>
/// <param name="Sites">Attention sites found in the files.</param>
/// <param name="Domain">What the model's card says of what it knows; null where it says nothing.</param>
/// <param name="Warnings">What a careful user must know of it.</param>
/// <param name="Sanity">What 'models check' found out about its methods; null where it was not checked.</param>
public sealed record Model(
    string Id, bool Default, string Status, string? Reason, string? Family, int? Layers, int? Heads, Grid? Grid, int? PrefixTokens, int? SuffixTokens,
    Size? ImageSize, Size? PatchSize, Resolutions? Resolutions, bool? Text, int? Classes, string? Scores, LogitNumber? LogitScale, LogitNumber? LogitBias,
    IReadOnlyList<string> Methods, IReadOnlyList<UnavailableMethod> Unavailable,
    string? Precision, Provider? Provider, Sites? Sites, string? Domain, IReadOnlyList<string> Warnings, IReadOnlyList<Sanity>? Sanity)
{
    internal static Model From(ModelEntry entry, ExplainerRegistry methods, IReadOnlyList<Sanity>? sanity = null)
    {
        var facts = entry.Facts;
        return new Model(
            entry.Id, entry.IsDefault, entry.Status.Word(), entry.Reason, facts?.Family, facts?.Layers, facts?.Heads,
            facts is null ? null : Grid.From(facts.Tokens.Grid), facts?.Tokens.PrefixTokens, facts?.Tokens.SuffixTokens,
            facts is null ? null : Size.From(facts.ImageSize), facts is null ? null : Size.From(facts.PatchSize),
            facts?.Resolutions is { } sizes ? new(sizes.Minimum, sizes.Maximum, sizes.Step) : null,
            facts?.Text, facts?.ClassNames?.Count, facts?.Scores.Word(),
            facts?.LogitScale is { } scale ? new(scale.Value, scale.Source) : null, facts?.LogitBias is { } bias ? new(bias.Value, bias.Source) : null,
            facts is null ? [] : [.. methods.ServedBy(facts).Select(method => method.Info.Name)],
            facts is null ? [] : [.. methods.NotServedBy(facts).Select(method => new UnavailableMethod(method.Explainer.Info.Name, method.Reason))],
            facts?.Precision, facts is null ? null : new(facts.Provider.Requested, facts.Provider.Actual, facts.Provider.Reason),
            facts is null ? null : new(facts.Sites.Vision, facts.Sites.Text, facts.Sites.Other), facts?.Domain, facts?.Warnings ?? [], sanity);
    }
}

/// <summary>Whether a method's maps depend on what they claim to show: rank correlations of two maps of one picture.</summary>
/// <param name="Method">Its name.</param>
/// <param name="LabelSwap">Of two labels: 1 where the label makes no difference; null where maps belong to no label, or one is flat.</param>
/// <param name="RandomWeights">With and without shuffled weights: near 0 where the map rests on what the model learned; null where one is flat.</param>
public sealed record Sanity(string Method, double? LabelSwap, double? RandomWeights);

/// <summary>A method that a model cannot serve.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Reason">Why not.</param>
public sealed record UnavailableMethod(string Method, string Reason);

/// <summary>Patches, rows by columns.</summary>
/// <param name="Rows">Rows of patches.</param>
/// <param name="Columns">Patches in a row.</param>
public sealed record Grid(int Rows, int Columns)
{
    internal static Grid From(PatchGrid grid) => new(grid.Rows, grid.Columns);
}

/// <summary>A size in pixels.</summary>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public sealed record Size(int Width, int Height)
{
    internal static Size From(PixelSize size) => new(size.Width, size.Height);
}

/// <summary>Sizes that pictures may be given to a model in, in pixels a side.</summary>
/// <param name="Minimum">The smallest.</param>
/// <param name="Maximum">The largest.</param>
/// <param name="Step">Every size is a multiple of it: the patch.</param>
public sealed record Resolutions(int Minimum, int Maximum, int Step);

/// <summary>A number between cosine and logit, and where it was found.</summary>
/// <param name="Value">The factor is already exponentiated.</param>
/// <param name="Source">A file, a field of config.json, or: assumed.</param>
public sealed record LogitNumber(float Value, string Source);

/// <summary>The execution provider asked for, the one that runs, and why they differ (else null).</summary>
/// <param name="Requested">auto, cpu or cuda.</param>
/// <param name="Actual">cpu or cuda.</param>
/// <param name="Reason">Why the GPU is not used although it might be; else null.</param>
public sealed record Provider(string Requested, string Actual, string? Reason);

/// <summary>Attention sites: layers of the vision tower, of the text tower, and others that are not used.</summary>
/// <param name="Vision">Layers of the vision tower.</param>
/// <param name="Text">Layers of the text tower.</param>
/// <param name="Other">Pooling heads and cross-attention, which no method uses.</param>
public sealed record Sites(int Vision, int Text, int Other);
