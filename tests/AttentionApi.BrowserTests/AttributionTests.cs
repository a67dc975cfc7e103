using System.Globalization;

namespace AttentionApi.BrowserTests;

/// <summary>What the page makes of methods that attribute a score: parts that add up, differences of labels, heads in a table.</summary>
public sealed class AttributionTests(PageHost host, Chromium chromium)
{
    private static readonly Picture Owl = Picture.Centred(400, 400);

    [Fact]
    public async Task Bars_are_the_parts_of_the_score_and_a_click_on_one_shows_its_map()
    {
        await using var explore = await OpenAsync("decomposition", "&target=owl");
        var bars = explore.Page.Locator("#series .bar");
        Assert.Equal(Demo.Layers * (Demo.Heads + 1) + 2, await bars.CountAsync());
        var owl = (await host.ExplainAsync("scene-12", "method=decomposition&labels=owl,house"))["series"]!["parts"]![0]!;
        var total = ((double)owl["score"]!).ToString("0.000", CultureInfo.InvariantCulture);
        Assert.Equal($"Parts of the score of “owl”: together {total}", await explore.Page.Locator("#series figcaption").First.InnerTextAsync());

        await explore.Page.Locator("#series .bar.head").Nth((Demo.Layers - 1) * Demo.Heads + 1).DispatchEventAsync("click");
        var head = $"layer {Demo.Layers} of {Demo.Layers} · head 2";
        await explore.Page.GetByText(head).WaitForAsync();
        await explore.HoverPatchAsync(3, 4, Owl);
        var map = (await host.ExplainAsync("scene-12", $"method=decomposition&labels=owl,house&head=2&fromLayer={Demo.Layers}"))["maps"]![0]!;
        Assert.Equal((double)map["values"]![3]![4]!, await explore.ReadOutAsync(), 1e-5);

        await explore.Page.Locator("#series button", new() { HasText = "All heads and layers" }).ClickAsync();
        await explore.Page.GetByText($"layers 1–{Demo.Layers} of {Demo.Layers}").WaitForAsync();
        Assert.Equal(0, await explore.Page.Locator(".bar.is-open").CountAsync());
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task Two_labels_are_set_against_each_other_beside_the_picture()
    {
        await using var explore = await OpenAsync("libra", "&target=owl");
        Assert.Equal(["no other label", "house"], await explore.Page.Locator("#rival option").AllInnerTextsAsync());
        await explore.SelectAsync("rival", "house");
        await explore.Page.GetByText("What tells “owl” from “house” for demo-clip").WaitForAsync();
        Assert.Equal(["for house", "for owl"], await explore.Page.Locator("#color-scale .colorbar-end").AllInnerTextsAsync());
        await explore.ChooseAsync("methods", "rollout");
        Assert.True(await explore.Page.Locator("#rival").IsHiddenAsync());
    }

    [Fact]
    public async Task Statistics_are_a_table_whose_cells_open_the_head()
    {
        await using var explore = await OpenAsync("statistics");
        Assert.Equal(["Entropy", "Entropy, from CLS"], await explore.Page.Locator("#series figcaption").AllInnerTextsAsync());
        var cells = explore.Page.Locator("#series .heat-table").First.Locator("td button");
        Assert.Equal(Demo.Layers * Demo.Heads, await cells.CountAsync());
        await cells.Nth(Demo.Heads + 1).ClickAsync();
        await explore.Page.GetByText($"layer 2 of {Demo.Layers} · head 2").WaitForAsync();
        Assert.StartsWith("Raw attention", await explore.CaptionAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Similarity_follows_the_pointer_and_a_click_pins_its_patch()
    {
        await using var explore = await OpenAsync("similarity");
        var middle = Demo.Side / 2 + 1;
        Assert.Contains($"from the patch in row {middle}, column {middle}", await explore.CaptionAsync(), StringComparison.Ordinal);
        await explore.HoverPatchAsync(2, 3, Owl);
        await explore.Page.GetByText("from the patch in row 3, column 4").WaitForAsync();
        await explore.HoverPatchAsync(4, 4, Owl);
        await explore.Page.GetByText("from the patch in row 5, column 5").WaitForAsync();
        await explore.DrawnAsync();
        Assert.Equal(1, await explore.ReadOutAsync(), 1e-5);

        await explore.ClickPatchAsync(4, 4, Owl);
        await explore.HoverPatchAsync(2, 3, Owl);
        Assert.Contains("from the patch in row 5, column 5", await explore.CaptionAsync(), StringComparison.Ordinal);
        explore.AssertNoErrors();
    }

    private Task<ExplorePage> OpenAsync(string method, string query = "") => ExplorePage.OpenAsync(host, chromium, $"?sample=scene-12&method={method}{query}");
}
