using AttentionApi.Core.Explain;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;

namespace AttentionApi.Core;

/// <summary>One picture explained in several ways: by several methods, or by one method of several models. Everything is computed already.</summary>
public sealed class ComparedPicture
{
    private readonly Comparison comparison;

    internal ComparedPicture(Comparison comparison)
    {
        this.comparison = comparison;
        Entries = [.. comparison.Entries.Select(entry =>
            new ComparedMaps(entry.Explanation.Plan.Model.Id, entry.Explanation.Plan.Method.Info.Name, entry.Set, entry.Map))];
    }

    /// <summary>At least two, in the order asked for.</summary>
    public IReadOnlyList<ComparedMaps> Entries { get; }

    /// <summary>Spearman's rank correlation of each two shown maps over the patches, [entry][entry], −1 to 1; null where one of them is flat.</summary>
    public IReadOnlyList<IReadOnlyList<double?>> Correlation => comparison.Correlation;

    /// <inheritdoc cref="Comparison.Mean"/>
    public Heatmap Mean => comparison.Mean;

    /// <inheritdoc cref="Comparison.Spread"/>
    public Heatmap Spread => comparison.Spread;

    /// <inheritdoc cref="Comparison.Difference"/>
    public Heatmap? Difference => comparison.Difference;

    /// <summary>What a careful reader must know.</summary>
    public IReadOnlyList<string> Warnings => comparison.Warnings;

    /// <summary>All maps side by side in one labelled picture, with their mean and spread, as a file.</summary>
    public byte[] Draw(PictureFormat format = PictureFormat.Png, CancellationToken cancellation = default) =>
        ComparisonPicture.Draw(comparison, format, cancellation).Bytes;
}

/// <summary>One way of a comparison.</summary>
/// <param name="Model">The model's id.</param>
/// <param name="Method">The method's name.</param>
/// <param name="Maps">What it found out, unscaled; with evidence where the parameter "score" is "true".</param>
/// <param name="Shown">The map that is compared: the last one, of the target where maps belong to labels.</param>
public sealed record ComparedMaps(string Model, string Method, MapSet Maps, Heatmap Shown);
