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
public sealed record PictureAnalysis(PixelSize Size, Region Seen, Activations Activations, int ModelRuns, IReadOnlyList<string> Warnings);
