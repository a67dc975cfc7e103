using AttentionApi.Core;

namespace AttentionApi.Tests;

/// <summary>
/// What programs can rely on. Methods of one's own are not among it: what a method is given (an inspection, kernels, activations) grows with each new
/// one, and a promise about it would end that. A new one is a file in the library.
/// </summary>
public sealed class PublicTypesTests
{
    private static readonly string[] Types =
    [
        "AnimationFormat", "AttentionSiteCounts", "ComparedMaps", "ComparedPicture", "Completeness", "Curve", "Evidence", "EvidenceQuantity",
        "ExecutionProvider", "ExplainedPicture", "FeatureMap", "Heatmap", "ImageFault", "ImageLimits", "ImageRefusedException", "InferenceOptions",
        "LabelCompleteness", "LabelLimits", "LibraryOptions", "MapScore", "MapSet", "ModelEntry", "ModelFacts", "ModelLibrary",
        "ModelRefusedException", "ModelRunException", "ModelStatus", "NumberBlock", "ParameterException", "PatchGrid", "PictureFormat",
        "PictureTooLargeException", "PixelArea", "PixelSize", "Prediction", "ProviderInfo", "ProviderUnusableException", "ResolutionRange",
        "ScoreKind", "Series", "SeriesEntry", "TextTokenWeight", "TextTokenWeights", "TokenLayout", "TokenMatrix",
    ];

    [Fact]
    public void The_library_shows_these_types_and_no_others() =>
        Assert.Equal(Types, typeof(ModelLibrary).Assembly.GetExportedTypes().Select(type => type.Name).Order(StringComparer.Ordinal));
}
