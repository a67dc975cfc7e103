using AttentionApi.Core.Loading.Gradients;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Loading;

/// <summary>Facts about a loaded model; immutable.</summary>
public sealed record ModelFacts
{
    public required string Id { get; init; }
    public required string Family { get; init; }
    public required int Layers { get; init; }
    public required int Heads { get; init; }
    public required TokenLayout Tokens { get; init; }
    public required PixelSize ImageSize { get; init; }
    /// <summary>The step from one patch to the next, in pixels of the model's input.</summary>
    public required PixelSize PatchSize { get; init; }
    /// <summary>The pixels of the model's input that any patch has, which maps cover.</summary>
    public required PixelArea PatchArea { get; init; }
    /// <summary>Sizes that pictures may be given in beside <see cref="ImageSize"/>; null where there are none.</summary>
    public ResolutionRange? Resolutions { get; init; }
    /// <summary>How pictures become the model's input, in words.</summary>
    public string Preparation { get; init; } = "";
    public required ScoreKind Scores { get; init; }
    /// <summary>Classifiers: names in logit order (a name may hold comma-separated synonyms); null for others.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }
    /// <summary>Image-text models only.</summary>
    internal LogitConstant? LogitScale { get; init; }
    /// <summary>Added to the scaled cosine; null where scores are a softmax.</summary>
    internal LogitConstant? LogitBias { get; init; }
    /// <summary>Why labels cannot be free text; null where they can.</summary>
    public string? TextMissing { get; init; }
    /// <summary>Why attention and everything else inside of the model cannot be read; null where it can. Patches are cells of the picture then.</summary>
    public string? AttentionMissing { get; init; }
    /// <summary>Why <c>alignment</c> is not offered; null where it is.</summary>
    public string? AlignmentMissing { get; init; }
    /// <summary>Why values and output projections of the layers cannot be fetched; null where they can.</summary>
    public string? BlocksMissing { get; init; }
    /// <summary>Why a score cannot be taken apart into what layers, heads and tokens bring; null where it can.</summary>
    public string? PartsMissing { get; init; }
    /// <summary>Why the last layer's keys cannot be fetched; null where they can.</summary>
    public string? KeysMissing { get; init; }
    /// <summary>Numbers of one hidden state; 0 where its layers are not read.</summary>
    internal int Width { get; init; }
    /// <summary>What gradients the model offers.</summary>
    internal GradientFacts Gradients { get; init; } = GradientFacts.None;
    /// <summary>What gradients there are on the text's side, for the weights of text tokens.</summary>
    internal GradientFacts TextGradients { get; init; } = GradientFacts.NoText;
    public required string Precision { get; init; }
    public required ProviderInfo Provider { get; init; }
    public required AttentionSiteCounts Sites { get; init; }
    /// <summary>Of the original vision (or combined) file, lower-case hex.</summary>
    public required string Sha256 { get; init; }
    /// <summary>What the model's card says of what it knows; null where it says nothing.</summary>
    public string? Domain { get; init; }
    public IReadOnlyList<string> Warnings { get; init; } = [];
    /// <summary>True where one of several precisions was taken, and another could be chosen.</summary>
    internal bool ChoosesFiles { get; init; }

    /// <summary>Where methods that use gradients cannot weigh text tokens, and why: told of the model, not in its answers.</summary>
    internal IEnumerable<string> TextGradientWarnings
    {
        get
        {
            if (!Text) yield break;
            var (plain, libra) = (TextGradients.PlainMissing, TextGradients.LibraMissing);
            if (plain is not null) yield return Sentence(plain == libra ? "gradients" : "plain gradients", plain);
            if (libra is not null && libra != plain) yield return Sentence("gradients by LibraGrad's rules", libra);

            static string Sentence(string gradients, string reason) => $"Methods that use {gradients} cannot weigh text tokens: {reason.TrimEnd('.')}.";
        }
    }

    /// <summary>Free text labels are accepted.</summary>
    public bool Text => Scores != ScoreKind.None && !IsClassifier;

    /// <summary>Integer weights: parts computed one by one differ from the whole, because the model's kernels round them together.</summary>
    public bool Quantized => Precision is "int8" or "int4";

    /// <summary>Labels are classes of the model.</summary>
    public bool IsClassifier => ClassNames is not null;

    /// <summary>The same model on pictures of another size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of <see cref="Resolutions"/>, nor the model's own size.</exception>
    public ModelFacts At(PixelSize size)
    {
        if (size == ImageSize) return this;
        if (Resolutions?.Contains(size) != true) throw new ArgumentOutOfRangeException(nameof(size), size, $"The model '{Id}' takes no pictures of this size.");
        var grid = new PatchGrid(size.Height / PatchSize.Height, size.Width / PatchSize.Width);
        var other = this with
        {
            ImageSize = size, PatchArea = PixelArea.Of(size), Tokens = Tokens with { Grid = grid },
            Warnings = [.. Warnings, $"At {size} the model's positions are interpolated; its own size is {ImageSize}."],
        };
        return other with { Gradients = GradientsOf(other) };
    }

    private GradientFacts GradientsOf(ModelFacts other)
    {
        if (Gradients.OffersNone) return Gradients;
        if (!Gradients.AtAnySize)
            return GradientFacts.Refused($"it has convolutions behind its first layer, and their gradients are computed at the model's own size of {ImageSize} "
                + "only, so leave 'resolution' out");
        var bytes = GradientSize.OfAllLayers(other, labels: 1);
        return bytes <= GradientSize.MostOfOtherSizes || other.Tokens.Count <= Tokens.Count ? Gradients
            : GradientFacts.Refused($"at {other.ImageSize} gradients would hold about {bytes >> 20} MiB and may hold {GradientSize.MostOfOtherSizes >> 20}, "
                + "so take a smaller 'resolution'");
    }

    /// <summary>What limits the values of parameters.</summary>
    internal ModelScope Scope => new(Id, Layers, Heads, Tokens.Grid.Rows, Tokens.Grid.Columns, Tokens.HasCls);
}
