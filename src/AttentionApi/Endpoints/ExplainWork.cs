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

/// <summary>What calls of every kind do with one picture, within the limits.</summary>
internal sealed class ExplainWork(PictureAnalyzer analyzer, ParameterTable table, ModelCheck check, IOptions<LimitsOptions> options, Telemetry telemetry)
{
    private readonly LimitsOptions limits = options.Value;

    /// <exception cref="ParameterException">The parameters contradict each other.</exception>
    public ExplainRequest Request(ParameterValues given, Outputs output, IReadOnlyList<Parameter> taken) =>
        new(table, given, output, taken, limits.Labels) { MaxRuns = limits.RunsPerRequest };

    public Picture Picture(ReadOnlyMemory<byte> bytes) => new(bytes, limits.Pictures);

    /// <summary>Explains a picture; the caller holds the slot.</summary>
    public async Task<T> ExplainAsync<T>(
        ExplanationPlan plan, LoadedModel model, (Picture Picture, Picture? Reference) pictures, StageTimings timings,
        Func<Explanation, CancellationToken, Task<T>> answer, CancellationToken deadline)
    {
        try
        {
            var inspection = Inspection.Of(model, analyzer, pictures, plan.Labels, timings, plan.Values.Get(SharedParameters.Top));
            var explanation = await Explanation.BeginAsync(plan, inspection, deadline);
            var answered = await answer(explanation, deadline);
            deadline.ThrowIfCancellationRequested();
            telemetry.Record(explanation);
            return answered;
        }
        catch (ModelRunException)
        {
            check.Suspect();
            throw;
        }
    }

    /// <summary>Does something within <c>Limits:RequestSeconds</c>.</summary>
    /// <exception cref="ProblemException">503: it took longer.</exception>
    public async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken aborted)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        deadline.CancelAfter(limits.RequestTime);
        try
        {
            return await work(deadline.Token);
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
