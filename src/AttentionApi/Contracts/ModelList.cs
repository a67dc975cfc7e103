using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Contracts;

/// <summary>The models of the models folder.</summary>
/// <param name="Models">By id.</param>
public sealed record ModelList(IReadOnlyList<Model> Models);

/// <summary>One model; what only a load finds out is null until it was loaded once.</summary>
public sealed record Model
{
    /// <summary>The value of the parameter 'model'.</summary>
    public required string Id { get; init; }

    /// <summary>True for the model that is used where none is named.</summary>
    public required bool Default { get; init; }

    /// <summary>ready, loading, unloaded or refused.</summary>
    public required string Status { get; init; }

    /// <summary>Why it was refused; else null.</summary>
    public required string? Reason { get; init; }

    /// <summary>The architecture, as the files tell it.</summary>
    public required string? Family { get; init; }

    /// <summary>Layers of the vision tower.</summary>
    public required int? Layers { get; init; }

    /// <summary>Heads of each layer.</summary>
    public required int? Heads { get; init; }

    /// <summary>Patches, rows by columns.</summary>
    public required Grid? Grid { get; init; }

    /// <summary>Tokens before the patches: CLS, distillation, registers.</summary>
    public required int? PrefixTokens { get; init; }

    /// <summary>Tokens after the patches.</summary>
    public required int? SuffixTokens { get; init; }

    /// <summary>What the model is given, in pixels.</summary>
    public required Size? ImageSize { get; init; }

    /// <summary>Of that input, in pixels.</summary>
    public required Size? PatchSize { get; init; }

    /// <summary>Sizes that the parameter 'resolution' takes; null where the model takes only its own.</summary>
    public required Resolutions? Resolutions { get; init; }

    /// <summary>True where free labels are accepted.</summary>
    public required bool? Text { get; init; }

    /// <summary>Number of classes of a classifier; else null.</summary>
    public required int? Classes { get; init; }

    /// <summary>How scores come from logits: softmax over the labels or classes, sigmoid of each, or none.</summary>
    public required string? Scores { get; init; }

    /// <summary>Image-text: from cosine to logit, and where the number was found; else null.</summary>
    public required LogitNumber? LogitScale { get; init; }

    /// <summary>Image-text with sigmoid scores: what is added to the scaled cosine, and where it was found; else null.</summary>
    public required LogitNumber? LogitBias { get; init; }

    /// <summary>The methods it can serve.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>Of these, the one that answers best where a label is; null where none does.</summary>
    public required string? Recommended { get; init; }

    /// <summary>The methods it cannot serve, and why.</summary>
    public required IReadOnlyList<UnavailableMethod> Unavailable { get; init; }

    /// <summary>Of the weights in the file.</summary>
    public required string? Precision { get; init; }

    /// <summary>The execution provider asked for, the one that runs, and why they differ.</summary>
    public required Provider? Provider { get; init; }

    /// <summary>Attention sites found in the files.</summary>
    public required Sites? Sites { get; init; }

    /// <summary>What the model's card says of what it knows; null where it says nothing.</summary>
    public required string? Domain { get; init; }

    /// <summary>What a careful user must know of it.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>What 'models check' found out about its methods; null where it was not checked.</summary>
    public required IReadOnlyList<Sanity>? Sanity { get; init; }

    internal static Model From(ModelEntry entry, ExplainerRegistry methods, IReadOnlyList<Sanity>? sanity = null)
    {
        var facts = entry.Facts;
        return new Model
        {
            Id = entry.Id,
            Default = entry.IsDefault,
            Status = entry.Status.Word(),
            Reason = entry.ChooseFiles ? Remedies.WithFiles(entry.Reason!, entry.Id) : entry.Reason,
            Family = facts?.Family,
            Layers = facts?.Layers,
            Heads = facts?.Heads,
            Grid = facts is null ? null : Grid.From(facts.Tokens.Grid),
            PrefixTokens = facts?.Tokens.PrefixTokens,
            SuffixTokens = facts?.Tokens.SuffixTokens,
            ImageSize = facts is null ? null : Size.From(facts.ImageSize),
            PatchSize = facts is null ? null : Size.From(facts.PatchSize),
            Resolutions = facts?.Resolutions is { } sizes ? new(sizes.Minimum, sizes.Maximum, sizes.Step) : null,
            Text = facts?.Text,
            Classes = facts?.ClassNames?.Count,
            Scores = facts?.Scores.Word(),
            LogitScale = LogitNumber.From(facts?.LogitScale),
            LogitBias = LogitNumber.From(facts?.LogitBias),
            Methods = facts is null ? [] : [.. methods.ServedBy(facts).Select(method => method.Info.Name)],
            Recommended = facts is null ? null : methods.RecommendedFor(facts)?.Info.Name,
            Unavailable = facts is null ? []
                : [.. methods.NotServedBy(facts).Select(method => new UnavailableMethod(method.Explainer.Info.Name, method.Reason))],
            Precision = facts?.Precision,
            Provider = facts is null ? null : new(facts.Provider.Requested, facts.Provider.Actual, facts.Provider.Reason),
            Sites = facts is null ? null : new(facts.Sites.Vision, facts.Sites.Text, facts.Sites.Other),
            Domain = facts?.Domain,
            Warnings = facts is null ? []
                : [.. facts.Warnings, .. facts.ChoosesFiles ? (string[])[Remedies.OfFiles(entry.Id)] : [], .. facts.TextGradientWarnings],
            Sanity = sanity,
        };
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
public sealed record LogitNumber(float Value, string Source)
{
    internal static LogitNumber? From(LogitConstant? number) => number is { } one ? new(one.Value, one.Source) : null;
}

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
