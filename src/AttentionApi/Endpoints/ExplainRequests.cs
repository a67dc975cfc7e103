using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Runtime;
using AttentionApi.Hosting;
using AttentionApi.Http;
using Microsoft.Extensions.Options;
using Serilog;

namespace AttentionApi.Endpoints;

/// <summary>Makes an answer, inside the slot.</summary>
internal delegate Task<ISizedResult> MakeResponse(Explanation explanation, CancellationToken cancellation);

/// <summary>Takes a request through its stages, the cheap checks first: query, body, parameters, model, slot, numbers, answer.</summary>
internal sealed class ExplainRequests(
    ModelCatalog catalog, PictureAnalyzer analyzer, ParameterTable table, Readiness readiness, ModelCheck check, Permits permits, Uploads uploads,
        SlowReaders readers, IOptions<LimitsOptions> options, Telemetry telemetry,
    IDiagnosticContext log)
{
    private readonly LimitsOptions limits = options.Value;

    public Task<IResult> AnswerAsync(HttpContext http, Outputs output, MakeResponse respond) => AnswerAsync(http, output, _ => respond);

    /// <param name="http">The request.</param>
    /// <param name="output">What the explanation becomes.</param>
    /// <param name="prepare">Settles what the answer depends on besides the explanation; throws where that can't be.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, Outputs output, Func<ParameterValues, MakeResponse> prepare)
    {
        var taken = http.GetEndpoint()!.Metadata.GetRequiredMetadata<TakenParameters>().Parameters;
        // What the query says wrong costs no upload; forms may hold the rest.
        var query = http.Request.ReadParameters(taken, table);
        if (query.Has(EndpointParameters.Model) || !http.Request.HasFormContentType) readiness.Resolve(query.Get(EndpointParameters.Model));
        permits.EnsureFree();

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(limits.RequestTime);
        try
        {
            using var upload = uploads.Begin();
            var body = await ReadBodyAsync(http, upload);
            var given = http.Request.ReadParameters(taken, table, body.Fields);
            var request = new ExplainRequest(table, given, output, taken, limits.Labels) { MaxRuns = limits.RunsPerRequest };
            var respond = prepare(given);
            var model = readiness.Resolve(given.Get(EndpointParameters.Model));
            log.Set("Model", model.Id);
            log.Set("Method", request.Method.Info.Name);
            using var lease = await catalog.LeaseAsync(model.Id, deadline.Token);
            var loaded = request.ModelOf(lease.Model);
            var plan = new ExplanationPlan(request, loaded.Facts);
            var picture = new Picture(body.Picture, limits.Pictures);
            var reference = ReferenceOf(body, plan);
            var slot = permits.Take(WorkEstimate.Bytes(plan, (reference ?? picture).Header) + picture.Bytes.Length
                + (reference is null ? 0 : reference.Bytes.Length + picture.Header.DecodedBytes));
            try
            {
                upload.Dispose();
                var inspection = Inspection.Of(loaded, analyzer, (picture, reference), plan.Labels, http.Timings(), plan.Values.Get(SharedParameters.Top));
                var explanation = await Explanation.BeginAsync(plan, inspection, deadline.Token);
                var response = await respond(explanation, deadline.Token);
                log.Set("Width", inspection.Analysis.Size.Width);
                log.Set("Height", inspection.Analysis.Size.Height);
                log.Set("ModelRuns", inspection.ModelRuns);
                deadline.Token.ThrowIfCancellationRequested();
                telemetry.Record(explanation);
                readers.Attend(http, response, slot);
                return response;
            }
            catch
            {
                slot.Dispose();
                throw;
            }
        }
        catch (ModelRunException)
        {
            check.Suspect();
            throw;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(StatusCodes.Status503ServiceUnavailable,
                $"The answer took longer than Limits:RequestSeconds allows ({limits.RequestSeconds:0.###} s); try again, or ask for less at once.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }
    }

    /// <exception cref="ProblemException">The method sets no picture against another.</exception>
    private Picture? ReferenceOf(PictureBody body, ExplanationPlan plan)
    {
        if (body.Reference is not { } bytes) return null;
        if (plan.Output is Outputs.Predictions or Outputs.Tensors || !plan.Method.Info.TakesReference)
        {
            var takers = string.Join(", ", table.Registry.All.Where(method => method.Info.TakesReference).Select(method => method.Info.Name));
            throw ProblemException.BadParameter(PictureBody.ReferenceField,
                $"A reference is taken by methods that set a patch against another picture ({takers}); leave it out.");
        }
        return new Picture(bytes, limits.Pictures);
    }

    private async Task<PictureBody> ReadBodyAsync(HttpContext http, Upload upload)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(limits.BodyTime);
        try
        {
            var body = await PictureBody.ReadAsync(http.Request, limits.MaxBodyBytes, upload.ReadAsync, deadline.Token);
            log.Set("Bytes", body.Picture.Length);
            return body;
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw PictureBody.TooSlow();
        }
    }
}
