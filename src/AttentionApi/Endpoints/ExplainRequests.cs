using AttentionApi.Core.Analysis;
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

/// <summary>What is asked for: the explanations, each by model (null: as the parameter says) and parameters, and how they become one answer.</summary>
internal sealed record JointRequest(IReadOnlyList<(string? Model, ParameterValues Given)> Calls, MakeJointResponse Respond);

/// <summary>Makes one answer of several explanations, inside the slot.</summary>
internal delegate Task<ISizedResult> MakeJointResponse(IReadOnlyList<Explanation> explanations, CancellationToken cancellation);

/// <summary>Takes a request through its stages, the cheap checks first: query, body, parameters, model, slot, numbers, answer.</summary>
internal sealed class ExplainRequests(
    SeveralModels severalModels, PictureAnalyzer analyzer, ParameterTable table, Readiness readiness, ModelCheck check, Permits permits, Uploads uploads,
        SlowReaders readers, IOptions<LimitsOptions> options, Telemetry telemetry,
    IDiagnosticContext log)
{
    private readonly LimitsOptions limits = options.Value;

    public Task<IResult> AnswerAsync(HttpContext http, Outputs output, MakeResponse respond) => AnswerAsync(http, output, _ => respond);

    /// <param name="http">The request.</param>
    /// <param name="output">What the explanation becomes.</param>
    /// <param name="prepare">Settles what the answer depends on besides the explanation; throws where that can't be.</param>
    public Task<IResult> AnswerAsync(HttpContext http, Outputs output, Func<ParameterValues, MakeResponse> prepare) => AnswerAsync(http, output, given =>
    {
        var respond = prepare(given);
        return new JointRequest([(null, given)], (explanations, cancellation) => respond(explanations[0], cancellation));
    });

    /// <param name="http">The request.</param>
    /// <param name="output">What the explanations become.</param>
    /// <param name="prepare">Settles what is asked for; throws where that can't be.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, Outputs output, Func<ParameterValues, JointRequest> prepare)
    {
        var taken = CheckQuery(http);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(limits.RequestTime);
        try
        {
            using var upload = uploads.Begin();
            var body = await ReadBodyAsync(http, upload, mostPictures: 1);
            var given = http.Request.ReadParameters(taken, table, body.Fields);
            var (calls, respond) = prepare(given);
            ExplainRequest Request(ParameterValues values) => new(table, values, output, taken, limits.Labels) { MaxRuns = limits.RunsPerRequest };
            var requests = calls.Select(call => Request(call.Given)).ToList();
            var models = calls.Select(call => readiness.Resolve(call.Model ?? given.Get(EndpointParameters.Model)).Id).ToList();
            log.Set("Model", string.Join(',', models.Distinct()));
            log.Set("Method", string.Join(',', requests.Select(request => request.Method.Info.Name).Distinct()));
            using var leases = await severalModels.LeaseAsync(models, deadline.Token);
            var loaded = requests.Zip(leases.Models, (request, model) => request.ModelOf(model)).ToList();
            var plans = requests.Zip(loaded, (request, model) => new ExplanationPlan(request, model.Facts)).ToList();
            ExplanationPlan.ThrowIfTooManyRuns(plans, limits.RunsPerRequest);
            var picture = new Picture(body.Pictures[0].Bytes, limits.Pictures);
            var references = plans.Select(plan => ReferenceOf(body, plan)).ToList();
            var compared = references.Find(reference => reference is not null);
            var slot = permits.Take(plans.Zip(references, (plan, reference) => WorkEstimate.Bytes(plan, (reference ?? picture).Header)).Sum()
                + picture.Bytes.Length + (compared is null ? 0 : compared.Bytes.Length + picture.Header.DecodedBytes));
            try
            {
                upload.Dispose();
                var explanations = new List<Explanation>();
                foreach (var ((plan, model), reference) in plans.Zip(loaded).Zip(references))
                {
                    var inspection = Inspection.Of(model, analyzer, (picture, reference), plan.Labels, http.Timings(), plan.Values.Get(SharedParameters.Top));
                    explanations.Add(await Explanation.BeginAsync(plan, inspection, deadline.Token));
                }
                var response = await respond(explanations, deadline.Token);
                var seen = explanations[0].Inspection.Analysis.Size;
                log.Set("Width", seen.Width);
                log.Set("Height", seen.Height);
                log.Set("ModelRuns", explanations.Sum(explanation => explanation.Inspection.ModelRuns));
                deadline.Token.ThrowIfCancellationRequested();
                explanations.ForEach(telemetry.Record);
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

    /// <summary>What the query says wrong, and a lack of slots, cost no upload; forms may hold further parameters.</summary>
    /// <returns>What the endpoint takes.</returns>
    public IReadOnlyList<Parameter> CheckQuery(HttpContext http)
    {
        var taken = http.GetEndpoint()!.Metadata.GetRequiredMetadata<TakenParameters>().Parameters;
        var query = http.Request.ReadParameters(taken, table);
        if (query.Has(EndpointParameters.Model) || !http.Request.HasFormContentType) readiness.Resolve(query.Get(EndpointParameters.Model));
        permits.EnsureFree();
        return taken;
    }

    public async Task<PictureBody> ReadBodyAsync(HttpContext http, Upload upload, int mostPictures)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        deadline.CancelAfter(limits.BodyTime);
        try
        {
            var body = await PictureBody.ReadAsync(http.Request, limits.MaxBodyBytes, mostPictures, upload.ReadAsync, deadline.Token);
            log.Set("Bytes", body.Pictures.Sum(picture => (long)picture.Bytes.Length));
            return body;
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw PictureBody.TooSlow();
        }
    }
}
