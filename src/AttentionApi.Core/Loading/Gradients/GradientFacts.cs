using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;

namespace AttentionApi.Core.Loading.Gradients;

/// <summary>
/// What gradients a tower offers. Found from its graph when the model is loaded; what shows only when a backward pass is made and tried is added then, so that
/// <c>/models</c> tells it.
/// </summary>
internal sealed class GradientFacts
{
    private volatile string? plain;
    private volatile string? libra;

    /// <param name="plain">Why there are no plain gradients; null where there are.</param>
    /// <param name="libra">The same for gradients by LibraGrad's rules.</param>
    /// <param name="head">What the head reads.</param>
    public GradientFacts(string? plain, string? libra, HeadReading head) => (this.plain, this.libra, Head) = (plain, libra, head);

    /// <summary>Of models without an answer.</summary>
    public static GradientFacts None { get; } = Refused("the model has neither a class head nor a text tower, so there is no score to explain");

    /// <summary>Of the text's side of models that read no text.</summary>
    public static GradientFacts NoText { get; } = Refused("it has no text tower");

    public static GradientFacts Refused(string reason) => new(reason, reason, HeadReading.Several);

    /// <summary>Why there are no plain gradients; null where there are.</summary>
    public string? PlainMissing => plain;

    /// <summary>Why there are no gradients by LibraGrad's rules; null where there are.</summary>
    public string? LibraMissing => libra;

    /// <summary>True where there are gradients of no kind.</summary>
    public bool OffersNone => plain is not null && libra is not null;

    public HeadReading Head { get; }

    /// <summary>True where they are the gradients of pictures of any size that the model takes.</summary>
    public bool AtAnySize { get; init; }

    public string? Missing(GradientKind kind) => kind == GradientKind.Libra ? libra : plain;

    /// <summary>Notes why there are no gradients of a kind; the first reason stays.</summary>
    public void Refuse(GradientKind kind, string reason)
    {
        if (kind == GradientKind.Libra) libra ??= reason;
        else plain ??= reason;
    }
}
