using System.Text.Json;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Tests.Rendering;

public class ColormapTests
{
    [Fact]
    public void Every_colormap_equals_its_reference_table()
    {
        using var reference = JsonDocument.Parse(File.ReadAllText(SharedFixtures.InShared("fixtures", "rendering", "colormaps.json")));
        foreach (var colormap in Enum.GetValues<Colormap>())
        {
            var colors = reference.RootElement.GetProperty(colormap.ToString().ToLowerInvariant()).EnumerateArray();
            var expected = colors.SelectMany(color => Convert.FromHexString(color.GetString()!)).ToArray();
            Assert.Equal(expected, ColormapTables.Of(colormap).ToArray());
        }
    }

    [Fact]
    public void Signed_maps_are_drawn_with_a_diverging_colormap_unless_another_is_asked_for()
    {
        Assert.Equal(Colormap.Coolwarm, ColormapTables.DefaultFor(signed: true));
        Assert.Equal(Colormap.Viridis, ColormapTables.DefaultFor(signed: false));
    }
}
