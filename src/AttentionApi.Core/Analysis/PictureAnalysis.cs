using AttentionApi.Core.Analysis.Masking;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Analysis;

/// <summary>One picture through one model.</summary>
/// <param name="Size">The oriented original picture.</param>
/// <param name="Seen">The part the model saw.</param>
/// <param name="Activations">At least the parts asked for.</param>
/// <param name="ModelRuns">Vision model runs this call caused: 0 where everything was known.</param>
/// <param name="Warnings">What a careful reader must know of the picture ("only the first frame …").</param>
internal sealed record PictureAnalysis(PixelSize Size, Region Seen, Activations Activations, int ModelRuns, IReadOnlyList<string> Warnings)
{
    /// <summary>EXIF's orientation, 1 to 8, that was applied to what the file stores; 1: none.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>What is known of gradients.</summary>
    public PictureGradients Gradients { get; init; } = PictureGradients.None;

    /// <summary>What is known of the picture with patches hidden.</summary>
    internal MaskedAnswers Masked { get; init; } = MaskedAnswers.None;

    /// <summary>Bytes held, for the cache's limit.</summary>
    public long Bytes => Activations.Bytes + Gradients.Bytes + Masked.Bytes;

    /// <summary>This analysis, with what another one of the same picture has besides.</summary>
    public PictureAnalysis Including(PictureAnalysis? other) =>
        other is null ? this : this with
        {
            Activations = Activations.Including(other.Activations), Gradients = Gradients.Including(other.Gradients), Masked = Masked.Including(other.Masked),
        };
}
