using AttentionApi.Core.Models;

namespace AttentionApi.Core.Loading;

/// <summary>
/// What gradients a model offers. Found from its graph when it is loaded; what shows only when the backward pass is first run is added then, so that
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

    public static GradientFacts Refused(string reason) => new(reason, reason, HeadReading.Several);

    /// <summary>Why there are no plain gradients; null where there are.</summary>
    public string? PlainMissing => plain;

    /// <summary>Why there are no gradients by LibraGrad's rules; null where there are.</summary>
    public string? LibraMissing => libra;

    public HeadReading Head { get; }

    internal void Refuse(bool isLibra, string reason)
    {
        if (isLibra) libra = reason;
        else plain = reason;
    }
}
