using AttentionApi.Core.Analysis;
using AttentionApi.Core.Analysis.Kernels;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Core.Explain.Methods;

/// <summary>What is measured of each head's attention.</summary>
internal enum HeadMeasure { Entropy, Distance, PrefixMass }

/// <summary>Numbers of every head (docs/methods.md C.14): how widely it looks, how far, and how much of its attention goes to the tokens before the
/// patches.</summary>
internal sealed class Statistics : Explainer
{
    public static readonly Parameter<HeadMeasure> Measure = ParameterKinds.Word("measure", HeadMeasure.Entropy,
        "entropy: of a row of attention, in nats, mean over all queries and of the CLS row; distance: between a patch and those it attends to, in patches; "
            + "prefixMass: attention of the CLS row on the tokens before the patches.")
        with { Title = "Measure", WordTitles = ["spread", "distance", "share on CLS"] };

    public override MethodInfo Info { get; } = new()
    {
        Name = "statistics",
        Title = "Statistics of the heads",
        Shows = "How broadly and how far each head attends, or how much it attends to CLS and registers.",
        ShowsNot = "It says where no head looks, and nothing about labels.",
        Paper = "Dosovitskiy et al. 2021, An Image is Worth 16x16 Words (mean attention distance); Darcet et al. 2024, Vision Transformers Need Registers",
        Layers = LayerUse.None,
        Picture = PictureKind.Table,
        Words = new("The heads of {model}, a row for each layer and a column for each head: {high} cells have the highest {measure}.", "low", "high"),
        Parameters = [Measure],
    };

    public override void Check(MethodContext context)
    {
        if (context.Values.Get(Measure) == HeadMeasure.PrefixMass && !context.Model.Tokens.HasCls)
        {
            throw Measure.Wrong($"The model '{context.Model.Id}' has no CLS token whose attention could be measured; take entropy or distance.");
        }
    }

    public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
    {
        var activations = (await inspection.FetchAsync(ActivationParts.HeadAttention, cancellation).ConfigureAwait(false)).Activations;
        var (measure, tokens, model) = (parameters.Get(Measure), inspection.Tokens, inspection.Model);
        var parts = Measured(measure, activations.HeadAttention!, tokens).Select(part =>
            (part.Name, new NumberBlock(part.Values, model.Layers, model.Heads))).ToList();
        return new([])
        {
            Series = [new(measure.Word(), [new(null, parts)])],
            Table = new(model.Layers, null, null, false, model.Layers, model.Heads, parts[0].Item2.Values),
        };
    }

    private static IEnumerable<(string Name, float[] Values)> Measured(HeadMeasure measure, float[] attention, TokenLayout tokens)
    {
        var size = tokens.Count * tokens.Count;
        float[] Each(Func<ReadOnlyMemory<float>, double> of)
        {
            var values = new float[attention.Length / size];
            Parallel.For(0, values.Length, head => values[head] = (float)of(attention.AsMemory(head * size, size)));
            return values;
        }

        switch (measure)
        {
            case HeadMeasure.Entropy:
                yield return ("values", Each(head => AttentionStatistics.MeanEntropy(head.Span, tokens.Count)));
                if (tokens.HasCls) yield return ("cls", Each(head => AttentionStatistics.Entropy(head.Span[..tokens.Count])));
                break;
            case HeadMeasure.Distance:
                var distances = AttentionStatistics.PatchDistances(tokens.Grid);
                yield return ("values", Each(head => AttentionStatistics.MeanDistance(head.Span, tokens, distances)));
                break;
            case HeadMeasure.PrefixMass:
                yield return ("values", Each(head => AttentionStatistics.PrefixMass(head.Span[..tokens.Count], tokens)));
                break;
        }
    }
}
