using System.Diagnostics;

namespace AttentionApi.Cli.Terminal;

/// <summary>A bar with rate and estimate at the foot of a terminal, and sentences above it; only the sentences where there is no terminal.</summary>
/// <param name="error">Where both go: what the command makes may go to standard output.</param>
/// <param name="visible">Whether it is a terminal.</param>
/// <param name="width">Of the terminal, in characters; null: as the system says.</param>
internal sealed class Progress(TextWriter error, bool visible, int? width = null)
{
    private const int BarWidth = 24;
    private const string ClearLine = "\r\e[K";
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly long began = Stopwatch.GetTimestamp();
    private long drawn;
    private bool shown;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(began);

    /// <summary>Draws the bar, at most ten times a second.</summary>
    /// <param name="done">Of the work.</param>
    /// <param name="total">All of it; 0 where nobody knows.</param>
    /// <param name="words">The numbers in words: "12 of 200 pictures, 14.2/s".</param>
    public void Show(long done, long total, string words)
    {
        if (!visible) return;
        lock (gate)
        {
            if (shown && done < total && Stopwatch.GetElapsedTime(drawn) < Apart) return;
            (shown, drawn) = (true, Stopwatch.GetTimestamp());
            error.Write(ClearLine + Fitting($"{Bar(done, total)}{words}{Left(done, total)}"));
        }
    }

    /// <summary>Writes a sentence; the bar goes on below it.</summary>
    public void Say(string sentence)
    {
        lock (gate)
        {
            Clear();
            error.WriteLine(sentence);
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void End()
    {
        lock (gate) Clear();
    }

    private void Clear()
    {
        if (shown) error.Write(ClearLine);
        shown = false;
    }

    /// <summary>A line that wraps could not be cleared again.</summary>
    private string Fitting(string line)
    {
        var most = (width ?? Width()) - 1;
        return most > 0 && line.Length > most ? line[..most] : line;
    }

    private static int Width()
    {
        try
        {
            return Console.WindowWidth;
        }
        catch (IOException)
        {
            // On Windows, where standard output is redirected.
            return 0;
        }
    }

    private static string Bar(long done, long total)
    {
        if (total <= 0) return "";
        var filled = (int)(BarWidth * Math.Min(done, total) / total);
        return $"[{new string('#', filled)}{new string('.', BarWidth - filled)}] ";
    }

    private string Left(long done, long total)
    {
        if (done <= 0 || done >= total) return "";
        var left = Elapsed * ((double)(total - done) / done);
        return left.TotalHours >= 1 ? $", {left.TotalHours:0.0} h left"
            : left.TotalMinutes >= 1 ? $", {left.TotalMinutes:0.0} min left"
            : $", {left.TotalSeconds:0} s left";
    }
}
