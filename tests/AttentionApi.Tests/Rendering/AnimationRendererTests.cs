using System.Text;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;

namespace AttentionApi.Tests.Rendering;

[Collection(AnimationFiles.Name)]
public class AnimationRendererTests
{
    private static readonly PictureMetadata Metadata = new("{\"method\":\"rollout\",\"labels\":[\"R&D <b>\",\"猫\"]}", "demo-clip", "0123abcd");

    private static readonly Raster Photo = new(90, 60, [.. Enumerable.Range(0, 90 * 60 * 3).Select(i => (byte)(i / 3 % 90 * 2 + i / 270))]);
    private static readonly Region Seen = new(15, 0, 60, 60);

    private static List<Frame> Layers(int count, int panels = 1) =>
        [.. Enumerable.Range(1, count).Select(layer =>
            new Frame(new Caption(Caption.Layer(layer, count)), [.. Enumerable.Range(1, panels).Select(label => Panel(layer, label))]))];

    private static Panel Panel(int layer, int label) =>
        new(Pictures.Map(4, 4, layer * 100 + label), new Caption("", label > 1 ? $"label {label}" : null, label));

    private static byte[] Render(IReadOnlyList<Frame> frames, AnimationFormat format, OverlayStyle style, int delay = 400, int loop = 0) =>
        AnimationRenderer.Render(Photo, Seen, frames, style, new Playback(format) { Delay = delay, Loop = loop }).Bytes;

    private static Raster Still(Frame frame, IReadOnlyList<Frame> all, OverlayStyle style)
    {
        var sheet = new PanelSheet(Photo, Seen, all, style);
        var raster = Raster.Uninitialized(sheet.Width, sheet.Height);
        sheet.Draw(all.ToList().IndexOf(frame), raster);
        return raster;
    }

    public static TheoryData<AnimationFormat> Formats => [AnimationFormat.Gif, AnimationFormat.Webp];

    [Theory, MemberData(nameof(Formats))]
    public void Every_frame_is_the_still_picture_of_its_map(AnimationFormat format)
    {
        var frames = Layers(6);
        var style = new OverlayStyle { Scaling = Scaling.Shared, Legend = true, Size = PictureSize.LongerEdge(200) };
        var file = AnimationFile.Read(Render(frames, format, style));
        Assert.Equal(6, file.Frames.Length);
        for (var i = 0; i < 6; i++)
        {
            var still = Still(frames[i], frames, style);
            Assert.Equal((still.Width, still.Height), (file.Width, file.Height));
            Assert.InRange(Pictures.PeakSignalToNoise(still.Rgb, file.Frames[i]), 32, 60);
        }
    }

    [Fact]
    public void A_GIF_of_a_real_photo_is_close_to_the_pictures()
    {
        var photo = Pictures.Chelsea();
        var map = Pictures.ChelseaRollout();
        Heatmap Map(int layer) => map with { Layer = layer, Values = [.. map.Values.Select((value, i) => i % layer == 0 ? value : value / layer)] };
        List<Frame> frames =
            [.. Enumerable.Range(1, 4).Select(layer => new Frame(new Caption(Caption.Layer(layer, 4)), [new Panel(Map(layer), new Caption(""))]))];
        var style = new OverlayStyle { Scaling = Scaling.Shared, Legend = true, Size = PictureSize.LongerEdge(300) };
        var file = AnimationFile.Read(AnimationRenderer.Render(photo, Pictures.ChelseaSeen, frames, style, new Playback(AnimationFormat.Gif)).Bytes);
        var sheet = new PanelSheet(photo, Pictures.ChelseaSeen, frames, style);
        var still = Raster.Uninitialized(sheet.Width, sheet.Height);
        for (var i = 0; i < frames.Count; i++)
        {
            sheet.Draw(i, still);
            Assert.InRange(Pictures.PeakSignalToNoise(still.Rgb, file.Frames[i]), 34, 60);
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void Equal_frames_are_kept(AnimationFormat format)
    {
        var first = Layers(1)[0];
        var file = AnimationFile.Read(Render([first, first, first, .. Layers(2)], format, new OverlayStyle(), delay: 120));
        Assert.Equal([120, 120, 120, 120, 120], file.Delays);
        Assert.Equal(file.Frames[0], file.Frames[1]);
        Assert.Equal(file.Frames[0], file.Frames[2]);
        Assert.NotEqual(file.Frames[0], file.Frames[4]);
    }

    [Theory, MemberData(nameof(Formats))]
    public void The_loop_is_the_number_of_plays(AnimationFormat format)
    {
        foreach (var loop in new[] { 0, 1, 2, 65535 })
        {
            Assert.Equal(loop, AnimationFile.Read(Render(Layers(2), format, new OverlayStyle(), loop: loop)).Loop);
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void Equal_requests_give_equal_bytes(AnimationFormat format)
    {
        var style = new OverlayStyle { Legend = true, Scaling = Scaling.Shared };
        Assert.Equal(Render(Layers(12), format, style), Render(Layers(12), format, style));
    }

    [Theory, MemberData(nameof(Formats))]
    public void A_single_frame_is_an_animation_too(AnimationFormat format)
    {
        var bytes = Render(Layers(1), format, new OverlayStyle());
        Assert.Equal(format == AnimationFormat.Gif ? "GIF8" : "RIFF", Encoding.ASCII.GetString(bytes, 0, 4));
        Assert.InRange(bytes.Length, 100, 30_000);
    }

    [Fact]
    public void Many_layers_are_many_frames() =>
        Assert.Equal(48, AnimationFile.Read(Render(Layers(48), AnimationFormat.Gif, new OverlayStyle())).Frames.Length);

    [Fact]
    public void What_was_not_seen_stays_still_through_all_frames()
    {
        var file = AnimationFile.Read(Render(Layers(5), AnimationFormat.Gif, new OverlayStyle { Opacity = 1 }));
        foreach (var frame in file.Frames)
        {
            for (var y = 0; y < 60; y++) Assert.Equal(file.Frames[0].AsSpan(y * 270, 45), frame.AsSpan(y * 270, 45));
        }
    }

    [Fact]
    public void Under_a_shared_scale_equal_values_have_equal_colours_in_all_frames()
    {
        Frame Of(float low, float high) => new(new Caption(""), [new Panel(new Heatmap(1, null, null, false, 1, 2, [low, high]), new Caption(""))]);
        List<Frame> frames = [Of(0, 0.5f), Of(0.5f, 1)];
        var style = new OverlayStyle { Scaling = Scaling.Shared, Opacity = 1, Interpolation = Interpolation.Nearest };
        var (first, second) = (Still(frames[0], frames, style), Still(frames[1], frames, style));
        Assert.Equal(Pictures.At(first, 70, 30), Pictures.At(second, 20, 30));
        Assert.NotEqual(Pictures.At(first, 20, 30), Pictures.At(second, 20, 30));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(4, 4, 1)]
    [InlineData(5, 4, 2)]
    [InlineData(16, 4, 4)]
    public void Panels_stand_four_in_a_row(int panels, int columns, int rows)
    {
        var frames = Layers(2, panels);
        var plain = Still(frames[0], frames, new OverlayStyle());
        Assert.Equal((columns * 96 - 6, rows == 1 ? 60 : rows * 66), (plain.Width, plain.Height));
        var withWords = Still(frames[0], frames, new OverlayStyle { Legend = true });
        Assert.Equal(plain.Width, withWords.Width);
        Assert.True(withWords.Height >= plain.Height + 30 + (panels > 1 ? rows * 15 : 0));
    }

    [Fact]
    public void Each_panel_shows_its_own_map()
    {
        var frames = Layers(1, 6);
        var style = new OverlayStyle { Scaling = Scaling.Minmax };
        var sheet = Still(frames[0], frames, style);
        for (var i = 0; i < 6; i++)
        {
            var alone = OverlayRenderer.Render(Photo, Seen, frames[0].Panels[i].Map, style, new Caption("")).Raster;
            var panel = new Raster(90, 60, new byte[90 * 60 * 3]);
            panel.CopyFrom(sheet, -(i % 4) * 96, -(i / 4) * 66);
            Assert.Equal(alone.Rgb, panel.Rgb);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public void No_panel_and_more_than_sixteen_are_refused(int panels) =>
        Assert.Throws<ArgumentException>(() => Render(Layers(1, panels), AnimationFormat.Gif, new OverlayStyle()));

    [Theory, MemberData(nameof(Formats))]
    public void Too_many_pixels_over_all_frames_are_refused_with_a_remedy(AnimationFormat format)
    {
        var refusal = Assert.Throws<PictureTooLargeException>(() => Render(Layers(12), format, new OverlayStyle { Size = PictureSize.LongerEdge(4096) }));
        Assert.Equal("The animation would have 12 × 4096 × 2731 pixels, 134.2 megapixels; at most 64 are drawn. Ask for a smaller size or fewer layers.",
            refusal.Message);
    }

    [Fact]
    public void Labels_without_glyphs_are_warned_of_once()
    {
        Panel[] panels = [new(Pictures.Map(2, 2, 1), new Caption("", "猫", 4)), new(Pictures.Map(2, 2, 2), new Caption("", "cat"))];
        List<Frame> frames = [.. Enumerable.Range(1, 3).Select(layer => new Frame(new Caption(Caption.Layer(layer, 3)), panels))];
        var drawn = AnimationRenderer.Render(Photo, Seen, frames, new OverlayStyle { Legend = true }, new Playback(AnimationFormat.Gif));
        Assert.Contains("\"label 4\"", Assert.Single(drawn.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_GIF_carries_parameters_and_model_as_comment()
    {
        var bytes = AnimationRenderer.Render(Photo, Seen, Layers(2), new OverlayStyle(), new Playback(AnimationFormat.Gif), Metadata).Bytes;
        var text = Encoding.Latin1.GetString(bytes);
        Assert.Contains("parameters: {\"method\":\"rollout\",\"labels\":[\"R&D <b>\",\"\\u732b\"]}\nmodel: demo-clip\nmodelSha256: 0123abcd",
            text, StringComparison.Ordinal);
        Assert.Equal(2, AnimationFile.Read(bytes).Frames.Length);
    }

    [Fact]
    public void An_animated_WebP_carries_parameters_and_model_as_XMP()
    {
        var bytes = AnimationRenderer.Render(Photo, Seen, Layers(2), new OverlayStyle(), new Playback(AnimationFormat.Webp), Metadata).Bytes;
        using var image = NetVips.Image.NewFromBuffer(bytes);
        ImageEncoderTests.AssertXmp((byte[])image.Get("xmp-data"));
    }
}
