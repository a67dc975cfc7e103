using AttentionApi.Contracts;
using AttentionApi.Core.Diagnostics;
using AttentionApi.Hosting.Limits;
using AttentionApi.Http;

namespace AttentionApi.Endpoints;

/// <summary>Tells a caller who asked for lines how far the model's runs are, while they go on.</summary>
/// <param name="http">The request.</param>
/// <param name="slots">Cut off a caller who does not read.</param>
/// <param name="runs">Counts them.</param>
/// <param name="total">All of them.</param>
internal sealed class ToldProgress(HttpContext http, Slots slots, RunCounter runs, int total)
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);

    /// <summary>Sends a line whenever runs have ended, until the answer is there. Nothing is sent before the first: what is wrong with a request is found out
    /// by then, and has a status of its own.</summary>
    /// <exception cref="Exception">That of the answer.</exception>
    public async Task<T> UntilAsync<T>(Task<T> answer)
    {
        try
        {
            for (var told = 0; !answer.IsCompleted;)
            {
                await Task.WhenAny(answer, Task.Delay(Apart));
                if (answer.IsCompleted || runs.Done == told) continue;
                told = runs.Done;
                await SendAsync(new(new RunProgress(told, total), null, null));
            }
        }
        finally
        {
            // The work must end before its models are released, even if sending lines failed.
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return await answer;
    }

    private async Task SendAsync(AnswerLine<ExplainResponse> line)
    {
        using var clock = slots.Clock(http);
        await JsonLines.SendAsync(http, line, ApiJson.Responses.AnswerLineExplainResponse, http.RequestAborted);
    }

    /// <summary>The last line of an answer that went wrong after its first.</summary>
    public static IResult Ending(ProblemException problem) => JsonResponse.Line(
        new AnswerLine<ExplainResponse>(null, null, Problems.Body(problem)), ApiJson.Responses.AnswerLineExplainResponse);
}
