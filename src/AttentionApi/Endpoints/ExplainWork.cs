using AttentionApi.Core.Analysis;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime.Sessions;
using AttentionApi.Hosting;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using Microsoft.Extensions.Options;

namespace AttentionApi.Endpoints;

/// <summary>What calls of every kind do, within the limits.</summary>
internal sealed class ExplainWork(
    PictureAnalyzer analyzer, ParameterTable table, ModelCheck check, IOptions<LimitsOptions> options, Telemetry telemetry, ILogger<ExplainWork> logger)
{
    private readonly LimitsOptions limits = options.Value;

    /// <summary>All parameters, and the methods that declare them.</summary>
    public ParameterTable Table => table;

    /// <exception cref="ParameterException">The parameters contradict each other.</exception>
    public ExplainRequest Request(ParameterValues given, Outputs output, IReadOnlyList<Parameter> taken) =>
        new(table, given, output, taken, limits.Labels) { MaxRuns = limits.RunsPerRequest };

    /// <param name="bytes">The file.</param>
    /// <param name="drawn">Whether it will be drawn, or looked at by several models: then it is worth keeping decoded.</param>
    public Picture Picture(ReadOnlyMemory<byte> bytes, bool drawn) => new(bytes, limits.Pictures, drawn);

    /// <summary>Explains a picture; the caller holds the slot.</summary>
    public Task<T> ExplainAsync<T>(JointPlan plan, Picture picture, Func<Explanation, CancellationToken, Task<T>> answer, CancellationToken deadline) =>
        ExplainAsync(plan, (picture, null), new StageTimings(), (explanations, cancellation) => answer(explanations[0], cancellation), deadline);

    /// <summary>Several explanations for one answer; the caller holds the slot.</summary>
    public async Task<T> ExplainAsync<T>(JointPlan plan, (Picture Picture, Picture? Reference) pictures, StageTimings timings,
        Func<IReadOnlyList<Explanation>, CancellationToken, Task<T>> answer, CancellationToken deadline)
    {
        var explanations = await plan.BeginAsync(analyzer, pictures, timings, deadline);
        var answered = await answer(explanations, deadline);
        deadline.ThrowIfCancellationRequested();
        foreach (var explanation in explanations) telemetry.Record(explanation);
        return answered;
    }

    /// <summary>What a caller is told of a failure.</summary>
    public ProblemException Problem(Exception failure) => Problems.From(failure, logger);

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
        catch (Exception failure) when (failure is ModelRunException or ModelRefusedException)
        {
            check.Suspect(failure);
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
