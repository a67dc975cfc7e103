using AttentionApi.Core.Rendering;
using AttentionApi.Http;

namespace AttentionApi.Hosting.Limits;

/// <summary>Makes answers in slots. An answer stays in its slot until it is sent, or until there is memory for it outside; a failure frees the slot.</summary>
internal sealed class Slots(Permits permits, SlowReaders readers)
{
    /// <inheritdoc cref="Permits.EnsureFree"/>
    public void EnsureFree() => permits.EnsureFree();

    /// <summary>Makes an answer in a slot that is free now.</summary>
    /// <param name="http">The request; the answer is watched over until it ends.</param>
    /// <param name="work">How heavy it is.</param>
    /// <param name="makeAsync">Makes it.</param>
    /// <param name="bytes">That the answer holds until it is sent.</param>
    /// <exception cref="ProblemException">429: too few slots are free.</exception>
    public async Task<T> AnswerAsync<T>(HttpContext http, WorkEstimate work, Func<Task<T>> makeAsync, Func<T, long> bytes)
    {
        var (answer, held) = await MakeAsync(http, permits.Take(work), makeAsync, bytes);
        http.Response.RegisterForDispose(held);
        return answer;
    }

    /// <summary>Makes a part of an answer in a slot that it waits for.</summary>
    /// <returns>The part, and what is disposed of when it is sent.</returns>
    public async Task<(T Part, IDisposable Held)> PartAsync<T>(
        HttpContext http, WorkEstimate work, Func<Task<T>> makeAsync, Func<T, long> bytes, CancellationToken cancellation) =>
        await MakeAsync(http, await permits.WaitAsync(work, cancellation), makeAsync, bytes);

    /// <inheritdoc cref="SlowReaders.Clock"/>
    public IDisposable Clock(HttpContext http) => readers.Clock(http);

    private async Task<(T Answer, IDisposable Held)> MakeAsync<T>(HttpContext http, IDisposable slot, Func<Task<T>> makeAsync, Func<T, long> bytes)
    {
        try
        {
            var answer = await makeAsync();
            return (answer, readers.Attend(http, bytes(answer), slot));
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }
}
