using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;
using AttentionApi.Hosting;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Endpoints;

/// <summary>What calls of every kind do, within the limits.</summary>
internal sealed class ExplainWork(PictureAnalyzer analyzer, ParameterTable table, ModelCheck check, IOptions<LimitsOptions> options, Telemetry telemetry)
{
    private readonly LimitsOptions limits = options.Value;

    /// <exception cref="ParameterException">The parameters contradict each other.</exception>
    public ExplainRequest Request(ParameterValues given, Outputs output, IReadOnlyList<Parameter> taken) =>
        new(table, given, output, taken, limits.Labels) { MaxRuns = limits.RunsPerRequest };

    /// <param name="bytes">The file.</param>
    /// <param name="drawn">Whether it will be drawn, or looked at by several models: then it is worth keeping decoded.</param>
    public Picture Picture(ReadOnlyMemory<byte> bytes, bool drawn) => new(bytes, limits.Pictures, drawn);

    /// <summary>Explains a picture; the caller holds the slot.</summary>
    public Task<T> ExplainAsync<T>(PlannedExplanation planned, StageTimings timings, Func<Explanation, CancellationToken, Task<T>> answer,
        CancellationToken deadline) =>
        ExplainAsync([planned], timings, (explanations, cancellation) => answer(explanations[0], cancellation), deadline);

    /// <summary>Several explanations for one answer; the caller holds the slot.</summary>
    public async Task<T> ExplainAsync<T>(IReadOnlyList<PlannedExplanation> planned, StageTimings timings,
        Func<IReadOnlyList<Explanation>, CancellationToken, Task<T>> answer, CancellationToken deadline)
    {
        var explanations = new List<Explanation>();
        foreach (var (plan, model, picture, reference) in planned)
        {
            explanations.Add(await Explanation.BeginAsync(plan, model, analyzer, (picture, reference), timings, deadline));
        }
        var answered = await answer(explanations, deadline);
        deadline.ThrowIfCancellationRequested();
        explanations.ForEach(telemetry.Record);
        return answered;
    }

    /// <summary>Does something within <c>Limits:RequestSeconds</c>; a model's run that fails has the models checked.</summary>
    /// <exception cref="ProblemException">503: it took longer.</exception>
    public async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken aborted)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        deadline.CancelAfter(limits.RequestTime);
        try
        {
            return await work(deadline.Token);
        }
        catch (ModelRunException)
        {
            check.Suspect();
            throw;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status503ServiceUnavailable,
                $"The answer took longer than Limits:RequestSeconds allows ({limits.RequestSeconds:0.###} s); try again, or ask for less at once.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }
    }
}

/// <summary>What an explanation is made of.</summary>
/// <param name="Plan">What is asked.</param>
/// <param name="Model">Leased by the caller.</param>
/// <param name="Picture">The picture.</param>
/// <param name="Reference">Another picture that it is set against; else null.</param>
internal sealed record PlannedExplanation(ExplanationPlan Plan, LoadedModel Model, Picture Picture, Picture? Reference = null);
