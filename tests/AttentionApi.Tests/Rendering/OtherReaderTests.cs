using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Tests.Imaging;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using Rgb = AttentionApi.Core.Imaging.Rgb;

namespace AttentionApi.Tests.Rendering;

/// <summary>
/// The files that are written, read by ImageSharp: none of its code is that of the writers or of libvips, so that what both might take for right is seen.
/// </summary>
public class OtherReaderTests
{
    private const string Parameters = "{\"method\":\"rollout\"}";
    private static readonly PictureMetadata Metadata = new(Parameters, "demo-clip", "0123abcd");

    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 3, 2 }, { 97, 89 }, { 64, 256 }, { 31, 1000 } };

    [Theory, MemberData(nameof(Sizes))]
    public void A_PNG_is_read_with_every_pixel_and_its_text(int width, int height)
    {
        var noise = TestPictures.Noise(width, height, 1);
        Raster[] pictures = [noise, new(width, height, [.. noise.Rgb.Select((_, i) => (byte)(i / 3 % width / 20 * 50))])];
        foreach (var picture in pictures)
        {
            using var image = Image.Load<Rgb24>(ImageEncoder.Encode(picture, PictureFormat.Png, Metadata));

            Assert.Equal(picture.Rgb, Pixels(image.Frames.RootFrame));
            Assert.Contains(image.Metadata.GetPngMetadata().TextData, text => (text.Keyword, text.Value) == ("parameters", Parameters));
        }
    }

    [Theory]
    [InlineData(PictureFormat.Webp, 36)]
    [InlineData(PictureFormat.Jpeg, 38)]
    public void WebP_and_JPEG_are_read_with_their_text_and_close_to_the_pixels(PictureFormat format, double decibels)
    {
        var picture = OverlayRenderer.Render(
            Pictures.Chelsea(), Pictures.ChelseaSeen, Pictures.ChelseaRollout(), new OverlayStyle { Legend = true }, new Caption("layers 1–12 of 12")).Raster;

        using var image = Image.Load<Rgb24>(ImageEncoder.Encode(picture, format, Metadata));

        Assert.InRange(Pictures.PeakSignalToNoise(picture.Rgb, Pixels(image.Frames.RootFrame)), decibels, 60);
        Assert.Contains("demo-clip", Encoding.UTF8.GetString(image.Metadata.XmpProfile!.ToByteArray()), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_GIF_is_read_with_every_pixel_of_every_frame_its_delays_and_its_loop(int width, int height)
    {
        // 64 colours so far apart that the dither cannot confuse them; noise, and frames that differ in a few places only.
        Rgb[] colors = [.. Enumerable.Range(0, 64).Select(i => new Rgb(Level(i / 16), Level(i / 4 % 4), Level(i % 4)))];
        Func<int, int, int>[] drawings = [(frame, i) => (int)((uint)(i * 2654435761L + frame * 40503L) >> 13 & 63), (frame, i) => i % 41 == frame ? 7 : 3];
        foreach (var drawing in drawings)
        {
            var frames = new FrameSequence(width, height, 4, (frame, canvas) => Pictures.Paint(canvas, i => colors[drawing(frame, i)]), colors);

            using var image = Image.Load<Rgb24>(GifWriter.Write(frames, delay: 120, loop: 3, null));

            Assert.Equal(4, image.Frames.Count);
            // Played three times: the file counts repetitions.
            Assert.Equal(2, image.Metadata.GetGifMetadata().RepeatCount);
            var canvas = Raster.Uninitialized(width, height);
            for (var frame = 0; frame < frames.Count; frame++)
            {
                frames.Draw(frame, canvas);
                Assert.Equal(canvas.Rgb, Pixels(image.Frames[frame]));
                Assert.Equal(12, image.Frames[frame].Metadata.GetGifMetadata().FrameDelay);
            }
        }

        static byte Level(int i) => (byte)(32 + 62 * i);
    }

    private static byte[] Pixels(ImageFrame<Rgb24> frame)
    {
        var pixels = new byte[frame.Width * frame.Height * 3];
        frame.CopyPixelDataTo(pixels);
        return pixels;
    }
}
