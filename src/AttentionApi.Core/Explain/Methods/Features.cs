using System.Globalization;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Principal components of the patches' states as colours (Oquab et al. 2024, DINOv2): patches of like colour are alike to the model.</summary>
internal sealed class Features : Explainer
{
    public static readonly Parameter<int> Components = ParameterKinds.Integer("components", 3, 3, 16,
        "Principal components; the first three are red, green and blue.") with { Title = "Number of components" };

    public override MethodInfo Info { get; } = new()
    {
        Name = "features",
        Title = "Feature colours",
        Shows = "Which patches are alike to the model: the three directions in which their states differ most, as red, green and blue.",
        ShowsNot = "A colour has no meaning of its own, and colours of two pictures cannot be compared.",
        Paper = "Oquab et al. 2024, DINOv2: Learning Robust Visual Features without Supervision",
        Layers = LayerUse.None,
        Picture = PictureKind.Colors,
        Words = new("Patches of like colour are alike to {model}. Red, green and blue hold {shares} of what they differ by.", "", ""),
        Parameters = [ToLayer, Components],
    };

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var layer = parameters.Get(ToLayer)!.Value;
        var wanted = parameters.Get(Components);
        await inspection.FetchAsync(ActivationParts.HiddenStates | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        var states = await inspection.PatchStatesAsync(layer, cancellation).ConfigureAwait(false);
        var sinks = await SinkWarnings.OfAsync(inspection, [], cancellation).ConfigureAwait(false);
        var grid = inspection.Tokens.Grid;
        var found = PrincipalComponents.Of(states, states.Length / grid.Count, wanted);
        return new([])
        {
            Features = [new(layer, grid.Rows, grid.Columns, wanted, Padded(found.ToColors(), grid.Count, found.Count, wanted),
                Padded(found.Explained, 1, found.Count, wanted))],
            Warnings = found.Count < wanted
                ? [.. sinks, string.Create(CultureInfo.InvariantCulture,
                    $"The patches differ in {found.Count} directions only: the other components are 0.")] : sinks,
        };
    }

    /// <summary>Components that do not exist are 0.</summary>
    private static float[] Padded(float[] values, int rows, int count, int wanted)
    {
        if (count == wanted) return values;
        var padded = new float[rows * wanted];
        for (var i = 0; i < values.Length; i++) padded[i / count * wanted + i % count] = values[i];
        return padded;
    }
}
