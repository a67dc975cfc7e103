using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Core.Imaging;
using AttentionApi.Http;
using AttentionApi.Http.Parameters;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using Serilog;

namespace AttentionApi.Hosting;

/// <summary>Makes an answer, inside the slot; what it returns is sent outside of it, so that a slow reader holds none.</summary>
internal delegate IResult MakeAnswer(Explanation explanation, StageTimings timings);

/// <summary>Takes a request through its stages, the cheap checks first: parameters, model, slot, picture, numbers, answer.</summary>
internal sealed class Explanations(
    ModelCatalog catalog, PictureAnalyzer analyzer, Readiness readiness, Permits permits, IOptions<LimitsOptions> options, Telemetry telemetry, IDiagnosticContext log)
{
    private readonly LimitsOptions limits = options.Value;

    /// <param name="http">The request.</param>
    /// <param name="kind">What is made of the explanation.</param>
    /// <param name="prepare">Settles what the answer depends on besides the explanation; throws where that can't be.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, AnswerKind kind, Func<QueryValues, MakeAnswer> prepare)
    {
        var taken = http.GetEndpoint()!.Metadata.GetRequiredMetadata<TakenParameters>().Parameters;
        var query = QueryValues.Read(http.Request.Query, taken);
        var answer = prepare(query);
        var model = readiness.Resolve(query.Get(Query.Model));
        permits.EnsureFree();
        log.Set("Model", model.Id);
        log.Set("Method", query.Get(Query.Method).Info.Name);

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(limits.RequestTime);
        try
        {
            using var lease = await catalog.LeaseAsync(model.Id, deadline.Token);
            var plan = Planner.Plan(query, taken, kind, lease.Model.Facts, limits.MaxLabels);
            var picture = await ReadPictureAsync(http, deadline.Token);
            using var slot = permits.Take();
            var timings = http.Timings();
            var explanation = await ExplanationPipeline.RunAsync(plan, analyzer, lease.Model, picture, timings, deadline.Token);
            log.Set("Width", explanation.Analysis.Size.Width);
            log.Set("Height", explanation.Analysis.Size.Height);
            log.Set("ModelRuns", explanation.Analysis.ModelRuns);
            deadline.Token.ThrowIfCancellationRequested();
            var result = answer(explanation, timings);
            telemetry.Record(explanation, timings);
            return result;
        }
        catch (OnnxRuntimeException)
        {
            readiness.Suspect();
            throw;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status503ServiceUnavailable, $"The answer took longer than Limits:RequestSeconds allows ({limits.RequestSeconds:0.###} s); try again, or ask for less at once.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }
    }

    private async Task<Picture> ReadPictureAsync(HttpContext http, CancellationToken deadline)
    {
        try
        {
            var bytes = await PictureBody.ReadAsync(http.Request, limits.MaxBodyBytes, deadline);
            log.Set("Bytes", bytes.Length);
            return new Picture(bytes, new ImageLimits(limits.MaxPixels));
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw PictureBody.TooSlow();
        }
    }
}
