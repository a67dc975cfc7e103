using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Backward;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Core.Scoring;

namespace AttentionApi.Core.Analysis;

/// <summary>Gradients of the labels' scores. A score is the class logit, or the cosine of picture and label.</summary>
internal sealed partial class Inspection
{
    /// <summary>Every layer, by LibraGrad's rules.</summary>
    /// <param name="rival">A further label, whose gradients come last; or null.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <exception cref="GradientsMissingException">The model gives no such gradients.</exception>
    internal Task<LabelGradients> LibraGradientsAsync(LabelTarget? rival, CancellationToken cancellation) =>
        AllLayersAsync(GradientKind.Libra, rival, cancellation);

    /// <summary>Every layer, by the true derivatives.</summary>
    /// <exception cref="GradientsMissingException">The model gives no such gradients.</exception>
    internal Task<LabelGradients> PlainGradientsAsync(CancellationToken cancellation) => AllLayersAsync(GradientKind.Plain, null, cancellation);

    /// <summary>The last layer, by the true derivatives: costs little more than a plain run.</summary>
    /// <exception cref="GradientsMissingException">The model gives no such gradients.</exception>
    internal Task<LabelGradients> LastLayerGradientsAsync(CancellationToken cancellation) => FromStatesAsync(GradientQuestion.LastLayer, cancellation);

    /// <summary>Each layer by itself, with the model's head put on its hidden states.</summary>
    /// <param name="fromLayer">The first layer, from 1; up to the last one.</param>
    /// <param name="ofMean">Whether the head reads the mean of all tokens instead of its own token.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <exception cref="GradientsMissingException">The model gives no such gradients.</exception>
    internal Task<LabelGradients> EachLayerGradientsAsync(int fromLayer, bool ofMean, CancellationToken cancellation) =>
        FromStatesAsync(GradientQuestion.EachLayer(fromLayer, ofMean), cancellation);

    /// <summary>Image-text: what each text token has in the cosine of picture and label, by Chefer's relevance or LibraGrad's, for the first prompt.</summary>
    /// <exception cref="ParameterException">The text tower gives no such gradients.</exception>
    public async Task<IReadOnlyList<TextTokenWeights>> TextRelevanceAsync(bool isLibra, CancellationToken cancellation)
    {
        if (Choice.Labels.Count == 0) return [];
        var picture = (await FetchAsync(ActivationParts.Output, cancellation).ConfigureAwait(false)).Activations.Output;
        try
        {
            var texts = await Loaded.TextGradientsAsync(isLibra ? GradientKind.Libra : GradientKind.Plain, Choice.Labels, Choice.Prompts[0], picture,
                Timings, cancellation).ConfigureAwait(false);
            return [.. texts.Select(text => TextRelevance.Weigh(text.Text, text.Gradients, Model.Sites.Text, isLibra))];
        }
        catch (ModelRefusedException refused)
        {
            throw TextRelevance.Refused(Model, refused.Message);
        }
    }

    private Task<LabelGradients> AllLayersAsync(GradientKind kind, LabelTarget? rival, CancellationToken cancellation) => OrMissingAsync(async () =>
    {
        // The run that gradients need gives the answer, too; a plain run before it would be one too many.
        analysis ??= Analyzer.Find(Analyzed);
        if (analysis is null) await TapeAsync(kind, cancellation).ConfigureAwait(false);
        LabelTarget[] targets = [.. (await ScoresAsync(cancellation).ConfigureAwait(false)).Targets, .. rival is null ? (LabelTarget[])[] : [rival]];
        var question = GradientQuestion.AllLayers(kind);
        if (!analysis!.Gradients.Knows(question, targets) && !analysis.Gradients.Tapes.ContainsKey(kind))
            await TapeAsync(kind, cancellation).ConfigureAwait(false);
        return await AskAsync(question, targets, cancellation).ConfigureAwait(false);
    });

    private Task<LabelGradients> FromStatesAsync(GradientQuestion question, CancellationToken cancellation) => OrMissingAsync(async () =>
    {
        await FetchAsync(ActivationParts.HiddenStates | BlockInspection.SinkParts, cancellation).ConfigureAwait(false);
        return await AskAsync(question, (await ScoresAsync(cancellation).ConfigureAwait(false)).Targets, cancellation).ConfigureAwait(false);
    });

    private async Task TapeAsync(GradientKind kind, CancellationToken cancellation)
    {
        var taped = await Analyzer.TapeAsync(Analyzed, kind, cancellation).ConfigureAwait(false);
        ModelRuns += taped.ModelRuns;
        analysis = taped.Including(analysis);
    }

    private async Task<LabelGradients> AskAsync(GradientQuestion question, IReadOnlyList<LabelTarget> targets, CancellationToken cancellation)
    {
        analysis = await Analyzer.GradientsAsync(Analyzed, Analysis, question, targets, cancellation).ConfigureAwait(false);
        var answer = analysis.Activations.Output;
        return new(targets, [.. targets.Select(target => analysis.Gradients.Results[PictureGradients.KeyOf(question.Name, target)])],
            [.. targets.Select(target => target.Compare(answer))]);
    }

    /// <summary>Some models turn out to have no gradients only in their first backward run.</summary>
    private async Task<T> OrMissingAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (ModelRefusedException refused)
        {
            throw new GradientsMissingException($"The model '{Model.Id}' gives no such gradients: {refused.Message.TrimEnd('.')}.", refused);
        }
    }
}

/// <summary>The model gives none of the gradients that a method needs; the message says why.</summary>
internal sealed class GradientsMissingException(string message, ModelRefusedException cause) : Exception(message, cause);
