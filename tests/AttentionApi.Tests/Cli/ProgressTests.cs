using AttentionApi.Cli.Terminal;

namespace AttentionApi.Tests.Cli;

public class ProgressTests
{
    [Fact]
    public void A_terminal_sees_a_bar_with_an_estimate_and_sentences_above_it()
    {
        using var error = new StringWriter();
        var progress = new Progress(error, visible: true);
        progress.Show(1, 4, "1 of 4 pictures");
        progress.Say("skipped: bad.png");
        progress.Show(4, 4, "4 of 4 pictures");
        progress.End();
        const string clear = @"\r\e\[K";
        const string begun = @"\[#{6}\.{18}\] 1 of 4 pictures, \d+ s left", ended = @"\[#{24}\] 4 of 4 pictures";
        Assert.Matches($@"^{clear}{begun}{clear}skipped: bad\.png\r?\n{clear}{ended}{clear}$", error.ToString());
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
}
