using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Diagnostics;

namespace AttentionApi.Cli.Models;

/// <summary>How far <c>models check</c> is: costly methods count by their runs of the model, for they take nearly all of the time.</summary>
/// <param name="bar">Shows it.</param>
/// <param name="counted">Counts the runs of all methods.</param>
/// <param name="runs">Runs that each method needs, in the order of the checks.</param>
internal sealed class CheckProgress(Progress bar, RunCounter counted, int[] runs)
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);

    private readonly long total = runs.Sum() + runs.Length;
    private int at;

    /// <summary>Waits for the check of the next method, and shows its runs while they go on.</summary>
    public async Task<T> WhileAsync<T>(string method, Task<T> checking)
    {
        var (before, known) = (runs.Take(at).Sum() + at, counted.Done);
        try
        {
            while (!checking.IsCompleted)
            {
                bar.Show(before + Math.Min(counted.Done - known, runs[at]), total, $"{at + 1} of {runs.Length} methods: {method}");
                await Task.WhenAny(checking, Task.Delay(Apart));
            }
            return await checking;
        }
        finally
        {
            at++;
            bar.End();
        }
    }
}
