using System.Globalization;
using Microsoft.Playwright;

namespace AttentionApi.BrowserTests;

/// <summary>Large models: measured where they must repaint within a frame, and computed in the worker where they cannot.</summary>
public sealed class RepaintTests(PageHost host, Chromium chromium)
{
    /// <summary>From the event of a slider to the end of the repaint that it causes, for 30 positions: [median, longest] in milliseconds.</summary>
    private const string Measure = """
        async id => {
          const slider = document.getElementById(id);
          const times = [];
          for (let step = 0; step < 30; step++) {
            slider.value = Number(slider.min) + (Number(slider.max) - Number(slider.min)) * (14.5 - step % 15) / 15;
            performance.clearMeasures();
            const start = performance.now();
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            for (let turn = 0; turn < 5; turn++) await null;
            const computed = performance.now() - start;
            await new Promise(requestAnimationFrame);
            times.push(computed + (performance.getEntriesByName('repaint')[0]?.duration ?? 0));
            await new Promise(done => setTimeout(done, 30));
          }
          times.sort((a, b) => a - b);
          return [times[15], times[29]];
        }
        """;

    [Fact]
    public async Task A_slider_repaints_twelve_layers_of_197_tokens()
    {
        await using var explore = await ExplorePage.OpenAsync(host, chromium, before: page => AnswerWith(page, SyntheticAnswer.Create(layers: 12, side: 14)));
        var report = new List<string>();
        foreach (var slider in new[] { "parameter-residual", "parameter-discard", "from-layer", "opacity" })
        {
            var before = await explore.StageAsync();
            var times = await explore.Page.EvaluateAsync<double[]>(Measure, slider);
            report.Add(string.Create(CultureInfo.InvariantCulture, $"{slider}: median {times[0]:0.0} ms, longest {times[1]:0.0} ms"));
            await explore.DrawnAsync();
            if (slider == "opacity") Assert.False((await explore.StageAsync()).Shows(before));
        }
        const string readSize = "() => { const { width, height } = document.getElementById('stage'); return `${width} x ${height}`; }";
        var size = await explore.Page.EvaluateAsync<string>(readSize);
        var text = $"Repaint of 12 layers x 197 tokens at {size}: {string.Join("; ", report)}.";
        TestContext.Current.AddAttachment("repaint", text);
        TestContext.Current.SendDiagnosticMessage(text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        explore.AssertNoErrors();
    }

    [Fact]
    public async Task A_long_computation_leaves_the_page_free_and_gives_the_same_numbers()
    {
        const int side = 24;
        var picture = Picture.Centred(400, 400) with { Grid = side };
        await using var explore = await ExplorePage.OpenAsync(host, chromium, "?sample=scene-12&hover=read&residual=0&interpolation=nearest", before: page =>
            AnswerWith(page, SyntheticAnswer.Create(layers: 12, side)));
        await explore.Page.WaitForFunctionAsync("() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('worker.js'))");
        foreach (var (row, column) in new[] { (0, 6), (5, 3), (23, 23) })
        {
            await explore.HoverPatchAsync(row, column, picture);
            Assert.Equal(SyntheticAnswer.Attention(row * side + column, side), await explore.ReadOutAsync(), 1e-5);
        }
        // The strip is what the worker computes: layer by layer it shows something.
        await explore.Page.WaitForFunctionAsync("""
            () => [...document.querySelectorAll('#tiles canvas')].every(tile =>
              tile.getContext('2d').getImageData(tile.width >> 1, tile.height >> 1, 1, 1).data[3] === 255)
            """);
        explore.AssertNoErrors();
    }

    private static Task<IAsyncDisposable> AnswerWith(IPage page, byte[] tensors) =>
        page.RouteAsync("**/api/v1/explain/tensors*", route => route.FulfillAsync(new() { BodyBytes = tensors, ContentType = "application/octet-stream" }));
}
