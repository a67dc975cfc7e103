using System.Buffers.Binary;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Tests.Imaging;

/// <summary>Every kind of picture that may arrive becomes upright 8-bit RGB by the rules of "The picture" in the API's contract.</summary>
public class ImageDecoderTests
{
    private static readonly Raster Picture = TestPictures.Gradient(37, 23);

    [Theory]
    [InlineData(ImageFormat.Png, 1), InlineData(ImageFormat.Png, 2), InlineData(ImageFormat.Png, 3), InlineData(ImageFormat.Png, 4)]
    [InlineData(ImageFormat.Png, 5), InlineData(ImageFormat.Png, 6), InlineData(ImageFormat.Png, 7), InlineData(ImageFormat.Png, 8)]
    [InlineData(ImageFormat.Webp, 1), InlineData(ImageFormat.Webp, 2), InlineData(ImageFormat.Webp, 3), InlineData(ImageFormat.Webp, 4)]
    [InlineData(ImageFormat.Webp, 5), InlineData(ImageFormat.Webp, 6), InlineData(ImageFormat.Webp, 7), InlineData(ImageFormat.Webp, 8)]
    [InlineData(ImageFormat.Jpeg, 1), InlineData(ImageFormat.Jpeg, 2), InlineData(ImageFormat.Jpeg, 3), InlineData(ImageFormat.Jpeg, 4)]
    [InlineData(ImageFormat.Jpeg, 5), InlineData(ImageFormat.Jpeg, 6), InlineData(ImageFormat.Jpeg, 7), InlineData(ImageFormat.Jpeg, 8)]
    internal void EXIF_orientation_is_applied(ImageFormat format, int orientation)
    {
        var bytes = format switch
        {
            ImageFormat.Jpeg => TestPictures.Jpeg(Picture, orientation),
            ImageFormat.Png => TestPictures.Png(Picture, orientation),
            _ => TestPictures.Webp(Picture, orientation),
        };
        var expected = Upright(Picture, orientation);

        var header = ImageDecoder.ReadHeader(bytes, ImageLimits.Default);
        var actual = Decode(bytes);

        Assert.Equal((format, expected.Width, expected.Height, false), (header.Format, header.Width, header.Height, header.Animated));
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        // A smooth picture survives JPEG at this quality within a few levels; the others are lossless.
        AssertLevels(expected.Rgb, actual.Rgb, format == ImageFormat.Jpeg ? 8 : 0);
    }

    [Fact]
    public void A_progressive_JPEG_has_the_pixels_of_the_baseline_one() =>
        Assert.Equal(Decode(TestPictures.Jpeg(Picture)).Rgb, Decode(TestPictures.Jpeg(Picture, progressive: true)).Rgb);

    [Fact]
    public void An_interlaced_PNG_has_the_pixels_of_the_plain_one() => Assert.Equal(Picture.Rgb, Decode(TestPictures.Png(Picture, interlaced: true)).Rgb);

    [Theory]
    [InlineData(0, 0, 0, 0, 255, 255, 255)]
    [InlineData(0, 0, 0, 255, 0, 0, 0)]
    [InlineData(255, 0, 0, 0, 0, 255, 255)]
    [InlineData(200, 50, 10, 30, 49, 181, 216)]
    public void CMYK_becomes_RGB_by_the_plain_formula(byte cyan, byte magenta, byte yellow, byte black, byte red, byte green, byte blue)
    {
        var actual = Decode(TestPictures.CmykJpeg(16, 16, cyan, magenta, yellow, black));

        AssertLevels(Flat(16 * 16, red, green, blue), actual.Rgb, tolerance: 2);
    }

    [Fact]
    public void Grey_becomes_RGB() => Assert.Equal([7, 7, 7, 200, 200, 200], Decode(TestPictures.RawPng(2, 1, 8, 0, [[7, 200]])).Rgb);

    [Fact]
    public void One_bit_becomes_black_and_white() =>
        Assert.Equal([255, 255, 255, 0, 0, 0, 255, 255, 255], Decode(TestPictures.RawPng(3, 1, 1, 0, [[0b1010_0000]])).Rgb);

    [Fact]
    public void A_palette_is_looked_up()
    {
        var bytes = TestPictures.RawPng(3, 1, 8, 3, [[2, 0, 1]], ("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9]));

        Assert.Equal([7, 8, 9, 1, 2, 3, 4, 5, 6], Decode(bytes).Rgb);
    }

    [Theory]
    [InlineData(4, new byte[] { 100, 128, 9, 255 }, true), InlineData(4, new byte[] { 100, 255, 9, 255 }, false), InlineData(0, new byte[] { 100, 9 }, false)]
    public void Transparency_is_told_where_something_shows_through(int type, byte[] row, bool seenThrough) =>
        Assert.Equal(seenThrough, Decode(TestPictures.RawPng(2, 1, 8, (byte)type, [row])).Facts.SeenThrough);

    [Fact]
    public void A_palettes_transparency_is_laid_on_white()
    {
        var bytes = TestPictures.RawPng(2, 1, 8, 3, [[0, 1]], ("PLTE", [10, 20, 30, 40, 50, 60]), ("tRNS", [0, 255]));

        Assert.Equal([255, 255, 255, 40, 50, 60], Decode(bytes).Rgb);
    }

    [Fact]
    public void Transparency_is_laid_on_white_and_rounded() =>
        // 255 − (255 − 100)·128/255 = 177.2; likewise 216.9 for 179.
        Assert.Equal([177, 217, 127, 255, 255, 255], Decode(TestPictures.RawPng(2, 1, 8, 6, [[100, 179, 0, 128, 1, 2, 3, 0]])).Rgb);

    [Fact]
    public void Grey_with_transparency_is_laid_on_white() =>
        Assert.Equal([177, 177, 177, 9, 9, 9], Decode(TestPictures.RawPng(2, 1, 8, 4, [[100, 128, 9, 255]])).Rgb);

    [Fact]
    public void Of_16_bits_the_high_byte_is_taken()
    {
        Assert.Equal([0x12, 0x12, 0x12, 0xFE, 0xFE, 0xFE], Decode(TestPictures.RawPng(2, 1, 16, 0, [[0x12, 0xFF, 0xFE, 0x00]])).Rgb);
        Assert.Equal([0x12, 0x56, 0x9A], Decode(TestPictures.RawPng(1, 1, 16, 2, [[0x12, 0xFF, 0x56, 0x00, 0x9A, 0xBC]])).Rgb);
        Assert.Equal([177, 177, 177], Decode(TestPictures.RawPng(1, 1, 16, 4, [[100, 3, 128, 255]])).Rgb);
        Assert.Equal([177, 217, 127], Decode(TestPictures.RawPng(1, 1, 16, 6, [[100, 1, 179, 2, 0, 3, 128, 4]])).Rgb);
    }

    [Fact]
    public void A_colour_profile_is_ignored()
    {
        var profile = NetVips.Image.ProfileLoad("p3");
        using var packed = new MemoryStream();
        using (var deflate = new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(profile);
        var bytes = TestPictures.RawPng(1, 1, 8, 2, [[200, 30, 90]], ("iCCP", [(byte)'p', 0, 0, .. packed.ToArray()]));

        Assert.Equal([200, 30, 90], Decode(bytes).Rgb);
    }

    [Fact]
    public void Of_an_animated_WebP_the_first_frame_is_taken_and_said()
    {
        var actual = Decode(TestPictures.AnimatedWebp(Picture, Upright(Picture, 3), Upright(Picture, 2)));

        Assert.True(actual.Facts.FirstOfFrames);
        Assert.Equal((Picture.Width, Picture.Height), (actual.Width, actual.Height));
        Assert.Equal(Picture.Rgb, actual.Rgb);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public void An_animated_PNG_is_said_to_be_one(int frames, bool animated)
    {
        var control = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(control, frames);
        var bytes = TestPictures.RawPng(1, 1, 8, 2, [[1, 2, 3]], ("acTL", control));

        Assert.Equal(animated, Decode(bytes).Facts.FirstOfFrames);
    }

    [Theory]
    [InlineData(1, 1), InlineData(2000, 1), InlineData(1, 2000)]
    public void Pictures_of_extreme_shape_are_decoded(int width, int height)
    {
        var picture = TestPictures.Gradient(width, height);

        Assert.Equal(picture.Rgb, Decode(TestPictures.Png(picture)).Rgb);
        Assert.Equal(picture.Rgb, Decode(TestPictures.Webp(picture)).Rgb);
        Assert.Equal(picture.Rgb.Length, Decode(TestPictures.Jpeg(picture)).Rgb.Length);
    }

    private static DecodedImage Decode(byte[] bytes) => ImageDecoder.Decode(bytes, ImageLimits.Default, CancellationToken.None);

    private static byte[] Flat(int pixels, byte red, byte green, byte blue) =>
        [.. Enumerable.Repeat((byte[])[red, green, blue], pixels).SelectMany(pixel => pixel)];

    private static void AssertLevels(byte[] expected, byte[] actual, int tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual).Max(pair => Math.Abs(pair.First - pair.Second)), 0, tolerance);
    }

    /// <summary>What a viewer shows of stored pixels, by EXIF's definition of the eight orientations.</summary>
    private static Raster Upright(Raster stored, int orientation)
    {
        var (width, height) = orientation >= 5 ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        var rgb = new byte[stored.Rgb.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (right, bottom) = (stored.Width - 1, stored.Height - 1);
                var (sx, sy) = orientation switch
                {
                    2 => (right - x, y),
                    3 => (right - x, bottom - y),
                    4 => (x, bottom - y),
                    5 => (y, x),
                    6 => (y, bottom - x),
                    7 => (right - y, bottom - x),
                    8 => (right - y, x),
                    _ => (x, y),
                };
                stored.Rgb.AsSpan((sy * stored.Width + sx) * 3, 3).CopyTo(rgb.AsSpan((y * width + x) * 3));
            }
        }
        return new Raster(width, height, rgb);
    }
}
