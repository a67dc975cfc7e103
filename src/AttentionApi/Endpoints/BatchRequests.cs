using System.Text.Json.Serialization.Metadata;
using AttentionApi.Contracts;
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
    RequestReader reader, ExplainWork work, Readiness readiness, Slots slots, IOptions<LimitsOptions> limits, IDiagnosticContext log)
{
    public async Task AnswerAsync(HttpContext http)
    {
        var taken = reader.CheckQuery(http);
        using var upload = reader.Begin();
        var (body, request, lease) = await work.InTimeAsync(async deadline =>
        {
            var (body, given) = await reader.ReadAsync(http, upload, taken, limits.Value.MaxPictures);
            if (body.Reference is not null)
                throw ProblemException.BadParameter(PictureBody.ReferenceField,
                    "A batch takes no reference; send pictures that are set against another one by one.");
            var request = work.Request(given, Outputs.Json, taken);
            var model = readiness.Resolve(given.Get(EndpointParameters.Model)).Id;
            log.Set("Model", model);
            log.Set("Method", request.Method.Info.Name);
            return (body, request, await readiness.LeaseAsync(model, deadline));
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
                var estimate = WorkEstimate.Of(plan, picture) + new WorkEstimate(picture.Bytes.Length, 0);
                var (explained, held) = await slots.PartAsync(http, estimate, () => work.ExplainAsync(plan, picture, async (explanation, cancellation) =>
                {
                    var maps = await explanation.MapsAsync(cancellation);
                    return (Answer: Responses.Explain(explanation, maps), maps.Bytes);
                }, deadline), explained => explained.Bytes, deadline);
                return (Line(new BatchAnswer(index, name, explained.Answer), ApiJson.Responses.BatchAnswer), (IDisposable?)held);
            }, aborted);
        }
        catch (Exception failure) when (!aborted.IsCancellationRequested)
        {
            return (Line(new(index, name, Problems.Body(work.Problem(failure))), ApiJson.Responses.BatchProblem), null);
        }

        Func<CancellationToken, Task> Line<T>(T line, JsonTypeInfo<T> type) => cancellation => JsonLines.SendAsync(http, line, type, cancellation);
    }
}
