using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Diagnostics;

namespace AttentionApi.Cli.Explaining;

/// <summary>How far a command is with its pictures, and with the runs of the model that a costly method needs for each.</summary>
/// <param name="bar">Shows it.</param>
/// <param name="pictures">All of them.</param>
/// <param name="runsEach">Runs on changed pictures that each needs.</param>
internal sealed class PictureProgress(Progress bar, int pictures, int runsEach)
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly HashSet<RunCounter> inWork = [];
    private int done;

    /// <summary>Pictures done, skipped ones included.</summary>
    public int Done => Volatile.Read(ref done);

    /// <summary>Does the work on one picture, and shows its runs while they go on.</summary>
    public async Task<T> WhileAsync<T>(Func<RunCounter, Task<T>> work)
    {
        var runs = new RunCounter();
        lock (gate) inWork.Add(runs);
        try
        {
            var working = work(runs);
            while (runsEach > 0 && !working.IsCompleted)
            {
                Show();
                await Task.WhenAny(working, Task.Delay(Apart));
            }
            return await working;
        }
        finally
        {
            lock (gate) (_, done) = (inWork.Remove(runs), done + 1);
        }
    }

    public void Show()
    {
        var seconds = bar.Elapsed.TotalSeconds;
        if (runsEach == 0)
        {
            bar.Show(Done, pictures, $"{Done} of {pictures} pictures, {Done / seconds:0.0}/s");
            return;
        }
        var (runs, all) = (RunsDone(), (long)runsEach * pictures);
        bar.Show(runs, all, $"{(pictures > 1 ? $"{Done} of {pictures} pictures, " : "")}{runs} of {all} model runs, {runs / seconds:0}/s");
    }

    /// <summary>Several files of a picture ask for the same runs, which are then counted again: a picture counts no more than it needs.</summary>
    private long RunsDone()
    {
        lock (gate) return ((long)done * runsEach) + inWork.Sum(runs => Math.Min(runs.Done, runsEach));
    }
}
