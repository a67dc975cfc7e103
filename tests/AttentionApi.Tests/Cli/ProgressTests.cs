using AttentionApi.Cli.Explaining;
using AttentionApi.Cli.Models;
using AttentionApi.Cli.Terminal;
using AttentionApi.Core.Diagnostics;

namespace AttentionApi.Tests.Cli;

public class ProgressTests
{
    [Fact]
    public void A_terminal_sees_a_bar_with_an_estimate_and_sentences_above_it()
    {
        using var error = new StringWriter();
        var progress = new Progress(error, visible: true, width: 200);
        progress.Show(1, 4, "1 of 4 pictures");
        progress.Say("skipped: bad.png");
        progress.Show(4, 4, "4 of 4 pictures");
        progress.End();
        const string clear = @"\r\e\[K";
        const string begun = @"\[#{6}\.{18}\] 1 of 4 pictures, \d+ s left", ended = @"\[#{24}\] 4 of 4 pictures";
        Assert.Matches($@"^{clear}{begun}{clear}skipped: bad\.png\r?\n{clear}{ended}{clear}$", error.ToString());
    }

    [Fact]
    public void A_narrow_terminal_sees_the_beginning_of_a_line_that_would_wrap()
    {
        using var error = new StringWriter();
        new Progress(error, visible: true, width: 40).Show(1, 4, "1 of 4 pictures, 12.5/s");
        Assert.Equal("\r\e[K[######..................] 1 of 4 pictu", error.ToString());
    }

    [Fact]
    public void Where_nobody_looks_there_are_sentences_only()
    {
        using var error = new StringWriter();
        var progress = new Progress(error, visible: false);
        progress.Show(1, 4, "1 of 4 pictures");
        progress.Say("skipped: bad.png");
        progress.End();
        Assert.Equal("skipped: bad.png" + Environment.NewLine, error.ToString());
    }

    [Fact]
    public async Task A_check_of_methods_counts_the_runs_of_costly_ones()
    {
        using var error = new StringWriter();
        var counted = new RunCounter();
        var bar = new CheckProgress(new Progress(error, visible: true, width: 200), counted, [0, 30]);
        await bar.WhileAsync("rollout", Task.FromResult(1));
        counted.Add(14);
        var ended = new TaskCompletionSource<int>();
        var checking = bar.WhileAsync("rise", ended.Task);
        ended.SetResult(2);
        Assert.Equal(2, await checking);
        // The runs of methods before do not count again: one of 32 steps is behind it.
        Assert.Matches(@"^\r\e\[K\[\.{24}\] 2 of 2 methods: rise, \d+ s left\r\e\[K$", error.ToString());
    }

    [Fact]
    public async Task Runs_of_a_costly_method_are_shown_while_they_go_on_and_count_once_for_all_files_of_a_picture()
    {
        using var error = new StringWriter();
        var progress = new PictureProgress(new Progress(TextWriter.Synchronized(error), visible: true, width: 200), 1, runsEach: 40);
        var ended = new TaskCompletionSource<int>();
        var explained = progress.WhileAsync(runs =>
        {
            runs.Add(10);
            return ended.Task;
        });
        Assert.Matches(@"\[#{6}\.{18}\] 10 of 40 model runs, \d+/s, \d+ s left$", error.ToString());
        ended.SetResult(7);
        Assert.Equal(7, await explained);
        progress.Show();
        Assert.Matches(@"\[#{24}\] 40 of 40 model runs, \d+/s$", error.ToString());

        var second = new PictureProgress(new Progress(error, visible: true, width: 200), 2, runsEach: 40);
        await second.WhileAsync(runs =>
        {
            runs.Add(80);
            second.Show();
            return Task.FromResult(true);
        });
        Assert.Matches(@"0 of 2 pictures, 40 of 80 model runs, \d+/s, \d+ s left$", error.ToString());
    }
}
