using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;

namespace AttentionApi.Core.Rendering;

/// <summary>The parameters that each kind of output takes, with its own defaults: the same for calls and for the command line.</summary>
internal static class OutputParameters
{
    /// <param name="table">Every parameter.</param>
    /// <param name="output">One kind of output.</param>
    /// <returns>In the order in which they are documented; the choice of the model is no matter of outputs.</returns>
    public static IReadOnlyList<Parameter> Of(ParameterTable table, Outputs output) => output switch
    {
        Outputs.Predictions => [SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Top, SharedParameters.Expected, SharedParameters.Resolution],
        Outputs.Json => [.. table.Explaining(output), SharedParameters.Top, SharedParameters.TextTokens,
            SharedParameters.Score, SharedParameters.Steps],
        Outputs.Overlay => [.. table.Explaining(output), .. OverlayPicture.Parameters],
        Outputs.Animation => [.. table.Explaining(output), .. AnimationPicture.Parameters],
        Outputs.Grid => [.. table.Explaining(output), .. GridPicture.Parameters],
        Outputs.Compare =>
        [
            .. new ComparisonParameters(table).All, SharedParameters.Top, SharedParameters.Score, SharedParameters.Steps, .. ComparisonPicture.Parameters,
        ],
        Outputs.Regions => [.. table.Explaining(output), .. RegionParameters.All, RegionParameters.Format],
        Outputs.Evidence =>
        [
            .. table.Explaining(output), SharedParameters.Top, SharedParameters.Score, SharedParameters.Steps,
            PictureParameters.Colors, PictureParameters.Opacity, PictureParameters.Blending, PictureParameters.Interpolated,
            PictureParameters.Legend with { Default = true },
        ],
        Outputs.Tensors =>
        [
            SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Versus, SharedParameters.Heads, PictureParameters.DataType,
            SharedParameters.Resolution,
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(output), output, "One kind of output."),
    };
}
