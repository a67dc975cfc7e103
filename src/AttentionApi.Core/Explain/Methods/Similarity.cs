using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>Cosine of one patch's state with every patch's (Amir et al. 2022, Deep ViT Features as Dense Visual Descriptors).</summary>
internal sealed class Similarity : Explainer
{
    private static readonly Parameter<QueryToken?> Patch = Query with
    {
        Range = "row,column", Description = "The patch that the others are compared with, by row and column from 0.", DefaultWords = "none", Example = "3,5",
    };

    public override MethodInfo Info { get; } = new()
    {
        Name = "similarity",
        Title = "Patch similarity",
        Shows = "How alike each patch is to the chosen one, as the model sees them.",
        ShowsNot = "Patches can be alike in place, colour or meaning; it does not say in which.",
        Paper = "Amir, Gandelsman, Bagon and Dekel 2022, Deep ViT Features as Dense Visual Descriptors",
        Layers = LayerUse.None,
        Signed = true,
        SignedWords = new("What is like {asked} to {model}: {high} patches are alike, {low} ones unlike.", "unlike", "alike"),
        TakesReference = true,
        Parameters = [ToLayer, Patch],
    };

    public override void Check(MethodContext context)
    {
        if (context.Values.Get(Query)?.Kind != QueryKind.Patch)
            throw Query.Wrong("similarity compares patches with one patch: give it as query=row,column, counted from 0, like 3,5.");
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var (layer, query) = (parameters.Get(ToLayer)!.Value, parameters.Get(Query)!.Value);
        await inspection.FetchAsync(ActivationParts.HiddenStates | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        var states = await inspection.PatchStatesAsync(layer, cancellation).ConfigureAwait(false);
        var grid = inspection.Tokens.Grid;
        var width = states.Length / grid.Count;
        var asked = inspection.Asked is { } other ? await other.PatchStatesAsync(layer, cancellation).ConfigureAwait(false) : states;
        var own = asked[((query.Row * grid.Columns + query.Column) * width)..][..width];
        return new([new(layer, null, null, true, grid.Rows, grid.Columns, DenseMaps.CosinesTo(own, states))])
        {
            Warnings =
            [
                .. inspection.Asked is null ? (string[])[]
                    : [$"The map lies on the reference: it says how alike its patches are to patch {query} of the picture."],
                .. await SinkWarnings.OfAsync(inspection, [], cancellation).ConfigureAwait(false),
            ],
        };
    }
}
