using System.Text.Json.Serialization.Metadata;
using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using Microsoft.Extensions.Options;
using Serilog;

namespace AttentionApi.Endpoints;

/// <summary>
/// Explains the pictures of one request side by side and sends each answer when it is ready. Every picture waits for a slot of its own and has its own time
/// limit. All batches together work in half of the slots at most, so that single requests find others.
/// </summary>
internal sealed class BatchRequests(
    ModelCatalog catalog, Readiness readiness, ExplainRequests requests, ExplainWork work, ParameterTable table, Permits permits, Uploads uploads,
    SlowReaders readers, IOptions<LimitsOptions> limits, IDiagnosticContext log, ILogger<BatchRequests> logger)
{
    public async Task AnswerAsync(HttpContext http)
    {
        var taken = requests.CheckQuery(http);
        using var upload = uploads.Begin();
        var (body, request, lease) = await work.InTimeAsync(async deadline =>
        {
            var body = await requests.ReadBodyAsync(http, upload, limits.Value.MaxPictures);
            if (body.Reference is not null)
                throw ProblemException.BadParameter(PictureBody.ReferenceField,
                    "A batch takes no reference; send pictures that are set against another one by one.");
            var request = work.Request(http.Request.ReadParameters(taken, table, body.Fields), Outputs.Json, taken);
            var model = readiness.Resolve(request.Given.Get(EndpointParameters.Model));
            log.Set("Model", model.Id);
            log.Set("Method", request.Method.Info.Name);
            return (body, request, await catalog.LeaseAsync(model.Id, deadline));
        }, http.RequestAborted);
        using (lease)
        {
            // What the model cannot serve refuses the batch, not each picture.
            var plan = new JointPlan((lease.Model, request));
            log.Set("Pictures", body.Pictures.Count);
            using var turn = new SemaphoreSlim(1);
            var most = new ParallelOptions { MaxDegreeOfParallelism = limits.Value.LongSlots, CancellationToken = http.RequestAborted };
            await Parallel.ForEachAsync(body.Pictures.Index(), most, async (sent, aborted) =>
            {
                var (sendAsync, held) = await LineAsync(http, sent, plan, aborted);
                using var _ = held;
                await turn.WaitAsync(aborted);
                try
                {
                    await sendAsync(aborted);
                }
                finally
                {
                    turn.Release();
                }
            });
        }
    }

    /// <returns>What sends the line, and what it occupies until then.</returns>
    private async Task<(Func<CancellationToken, Task> SendAsync, IDisposable? Held)> LineAsync(
        HttpContext http, (int Index, SentPicture Picture) sent, JointPlan plan, CancellationToken aborted)
    {
        var (index, name) = (sent.Index, sent.Picture.FileName);
        try
        {
            return await work.InTimeAsync(async deadline =>
            {
                var picture = work.Picture(sent.Picture.Bytes, drawn: false);
                var slot = await permits.WaitAsync(WorkEstimate.Of(plan, picture) + new WorkEstimate(picture.Bytes.Length, 0), deadline);
                try
                {
                    var (answer, bytes) = await work.ExplainAsync(plan, picture, async (explanation, cancellation) =>
                    {
                        var maps = await explanation.MapsAsync(cancellation);
                        return (Responses.Explain(explanation, maps), maps.Bytes);
                    }, deadline);
                    return (Line(new BatchAnswer(index, name, answer), ApiJson.Responses.BatchAnswer), (IDisposable?)readers.Attend(http, bytes, slot));
                }
                catch
                {
                    slot.Dispose();
                    throw;
                }
            }, aborted);
        }
        catch (Exception failure) when (!aborted.IsCancellationRequested)
        {
            return (Line(new(index, name, Problems.Body(Problems.From(failure, logger))), ApiJson.Responses.BatchProblem), null);
        }

        Func<CancellationToken, Task> Line<T>(T line, JsonTypeInfo<T> type) => cancellation => JsonLines.SendAsync(http, line, type, cancellation);
    }
}
