using AttentionApi.Core.Analysis;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using Serilog;

namespace AttentionApi.Endpoints;

/// <summary>Makes an answer, inside the slot.</summary>
internal delegate Task<ISizedResult> MakeResponse(Explanation explanation, CancellationToken cancellation);

/// <summary>What is asked for: the explanations, each by model (null: as the parameter says) and parameters, and how they become one answer.</summary>
/// <param name="Calls">One for each explanation.</param>
/// <param name="Respond">Makes the answer.</param>
/// <param name="IsJson">Whether that is JSON, which may tell how far it is.</param>
internal sealed record JointRequest(IReadOnlyList<(string? Model, ParameterValues Given)> Calls, MakeJointResponse Respond, bool IsJson);

/// <summary>Makes one answer of several explanations, inside the slot.</summary>
internal delegate Task<ISizedResult> MakeJointResponse(IReadOnlyList<Explanation> explanations, CancellationToken cancellation);

/// <summary>Takes a request through its stages, the cheap checks first: query, body, parameters, model, slot, numbers, answer.</summary>
internal sealed class ExplainRequests(
    RequestReader reader, ExplainWork work, Readiness readiness, SeveralModels severalModels, Slots slots, IDiagnosticContext log)
{
    public Task<IResult> AnswerAsync(HttpContext http, Outputs output, MakeResponse respond) => AnswerAsync(http, output, _ => respond);

    /// <param name="http">The request.</param>
    /// <param name="output">What the explanation becomes.</param>
    /// <param name="prepare">Settles what the answer depends on besides the explanation; throws where that can't be.</param>
    public Task<IResult> AnswerAsync(HttpContext http, Outputs output, Func<ParameterValues, MakeResponse> prepare) => AnswerAsync(http, output, given =>
    {
        var respond = prepare(given);
        return new JointRequest([(null, given)], (explanations, cancellation) => respond(explanations[0], cancellation), output == Outputs.Json);
    });

    /// <param name="http">The request.</param>
    /// <param name="output">What the explanations become.</param>
    /// <param name="prepare">Settles what is asked for; throws where that can't be.</param>
    public async Task<IResult> AnswerAsync(HttpContext http, Outputs output, Func<ParameterValues, JointRequest> prepare)
    {
        try
        {
            return await work.InTimeAsync(deadline => AnswerAsync(http, output, prepare, deadline), http.RequestAborted);
        }
        catch (Exception failure) when (http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            return ToldProgress.Ending(work.Problem(failure));
        }
    }

    private async Task<IResult> AnswerAsync(HttpContext http, Outputs output, Func<ParameterValues, JointRequest> prepare, CancellationToken deadline)
    {
        var taken = reader.CheckQuery(http);
        using var upload = reader.Begin();
        var (body, given) = await reader.ReadAsync(http, upload, taken, mostPictures: 1);
        var (calls, respond, isJson) = prepare(given);
        var requests = calls.Select(call => work.Request(call.Given, output, taken)).ToList();
        var models = calls.Select(call => readiness.Resolve(call.Model ?? given.Get(EndpointParameters.Model)).Id).ToList();
        log.Set("Model", string.Join(',', models.Distinct()));
        log.Set("Method", string.Join(',', requests.Select(request => request.Method.Info.Name).Distinct()));
        using var leases = await severalModels.LeaseAsync(models, deadline);
        var plan = new JointPlan([.. leases.Models.Zip(requests)]);
        var pictures = Pictures(body, plan.Plans);
        return await slots.AnswerAsync<ISizedResult>(http, Work(plan, pictures), () =>
        {
            upload.Dispose();
            var answering = work.ExplainAsync(plan, pictures, http.Timings(), async (explanations, cancellation) =>
            {
                var response = await respond(explanations, cancellation);
                var seen = explanations[0].Inspection.Analysis.Size;
                log.Set("Width", seen.Width);
                log.Set("Height", seen.Height);
                log.Set("ModelRuns", explanations.Sum(explanation => explanation.Inspection.ModelRuns));
                return response;
            }, deadline);
            return !isJson || !JsonLines.Wanted(http.Request) ? answering
                : new ToldProgress(http, slots, http.Timings().Runs, plan.Plans.Sum(one => one.ExtraRuns)).UntilAsync(answering);
        }, response => response.HeldBytes);
    }

    /// <exception cref="ProblemException">A method sets no picture against another.</exception>
    private (Picture Picture, Picture? Reference) Pictures(PictureBody body, IReadOnlyList<ExplanationPlan> plans)
    {
        var drawn = plans.Count > 1 || Outputs.Drawn.HasFlag(plans[0].Output);
        var picture = work.Picture(body.Pictures[0].Bytes, drawn);
        if (body.Reference is not { } bytes) return (picture, null);
        if (plans.Any(plan => plan.Output is Outputs.Predictions or Outputs.Tensors || !plan.Method.Info.TakesReference))
        {
            var takers = string.Join(", ", work.Table.Registry.All.Where(method => method.Info.TakesReference).Select(method => method.Info.Name));
            throw ProblemException.BadParameter(PictureBody.ReferenceField,
                $"A reference is taken by methods that set a patch against another picture ({takers}); leave it out.");
        }
        return (picture, work.Picture(bytes, drawn));
    }

    /// <summary>What the explanations take: the larger part is drawn over the reference where there is one, and both pictures stay decoded then.</summary>
    private static WorkEstimate Work(JointPlan plan, (Picture Picture, Picture? Reference) pictures)
    {
        var (picture, reference) = pictures;
        var bytes = picture.Bytes.Length + (reference is null ? 0 : reference.Bytes.Length + picture.DecodedBytes);
        return WorkEstimate.Of(plan, reference ?? picture) + new WorkEstimate(bytes, 0);
    }
}
