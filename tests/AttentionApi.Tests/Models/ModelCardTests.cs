using AttentionApi.Core.Models.Folders;

namespace AttentionApi.Tests.Models;

public class ModelCardTests
{
    [Fact]
    public void The_note_holds_what_a_card_says_of_known_and_unknown_things_without_Markdown()
    {
        using var folder = new TemporaryFolder();
        folder.Write("README.md", "# toy\n\n**What it knows**: 12 words, listed in `words.json`.\n**What it does not know**: other   words.\n\nMore.\n");
        Assert.Equal("Knows: 12 words, listed in words.json. Does not know: other words.", ModelCard.Domain(folder.Path));
    }

    [Theory, InlineData(null), InlineData("# a model\n\nTrained on pictures."), InlineData("")]
    public void A_card_that_says_nothing_of_it_gives_no_note(string? card)
    {
        using var folder = new TemporaryFolder();
        if (card is not null) folder.Write("README.md", card);
        Assert.Null(ModelCard.Domain(folder.Path));
    }

    [Fact]
    public void A_long_note_is_cut()
    {
        using var folder = new TemporaryFolder();
        folder.Write("README.md", $"**What it knows**: {new string('x', 5000)}");
        Assert.InRange(ModelCard.Domain(folder.Path)!.Length, 1, 600);
    }
}
