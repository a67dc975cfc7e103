using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Xml.Linq;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using AttentionApi.Tests.Imaging;
using NetVips;

namespace AttentionApi.Tests.Rendering;

public class ImageEncoderTests
{
    private static readonly PictureMetadata Metadata = new("{\"method\":\"rollout\",\"labels\":[\"R&D <b>\",\"猫\"]}", "demo-clip", "0123abcd");

    /// <summary>The label that ASCII lacks is escaped as JSON may.</summary>
    private const string AsciiParameters = "{\"method\":\"rollout\",\"labels\":[\"R&D <b>\",\"\\u732b\"]}";

    private static Raster Overlay()
    {
        var photo = Pictures.Chelsea();
        var style = new OverlayStyle { Legend = true };
        return OverlayRenderer.Render(photo, Pictures.ChelseaSeen, Pictures.ChelseaRollout(), style, new Caption("layers 1–12 of 12")).Raster;
    }

    private static byte[] Pixels(byte[] file)
    {
        using var image = Image.NewFromBuffer(file);
        Assert.Equal(3, image.Bands);
        return image.WriteToMemory<byte>();
    }

    [Fact]
    public void A_PNG_holds_exactly_the_pixels()
    {
        var picture = Overlay();
        Assert.Equal(picture.Rgb, Pixels(ImageEncoder.Encode(picture, PictureFormat.Png, Metadata)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(11, 1)]
    [InlineData(1, 40)]
    [InlineData(97, 89)]
    [InlineData(5, 255)]
    [InlineData(64, 256)]
    [InlineData(31, 1000)]
    public void A_PNG_of_noise_and_one_of_even_areas_hold_exactly_the_pixels(int width, int height)
    {
        var noise = TestPictures.Noise(width, height, 1);
        var even = noise.Rgb.Select((_, i) => (byte)(i / 3 % width / 20 * 50)).ToArray();
        foreach (var rgb in new[] { noise.Rgb, even }) Assert.Equal(rgb, Pixels(ImageEncoder.Encode(new Raster(width, height, rgb), PictureFormat.Png)));
    }

    [Fact]
    public void The_bands_of_a_PNG_are_one_zlib_stream_with_a_right_checksum()
    {
        var picture = TestPictures.Noise(33, 900, 1);
        var file = ImageEncoder.Encode(new Raster(33, 900, picture.Rgb), PictureFormat.Png);
        var at = file.AsSpan().IndexOf("IDAT"u8);
        var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at - 4));
        var lines = new byte[900 * (1 + 33 * 3)];
        // Reading to the end checks the sum: RFC 1950's, over all lines.
        using var zlib = new ZLibStream(new MemoryStream(file, at + 4, length), CompressionMode.Decompress);
        zlib.ReadExactly(lines);
        Assert.Equal(-1, zlib.ReadByte());
        uint a = 1, b = 0;
        foreach (var value in lines) (a, b) = ((a + value) % 65521, (b + (a + value) % 65521) % 65521);
        Assert.Equal(b << 16 | a, BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + length)));
    }

    [Theory]
    [InlineData(PictureFormat.Webp, 36)]
    [InlineData(PictureFormat.Jpeg, 38)]
    public void A_lossy_file_is_close_to_the_pixels(PictureFormat format, double decibels)
    {
        var picture = Overlay();
        Assert.InRange(Pictures.PeakSignalToNoise(picture.Rgb, Pixels(ImageEncoder.Encode(picture, format))), decibels, 60);
    }

    [Theory]
    [InlineData(PictureFormat.Png)]
    [InlineData(PictureFormat.Webp)]
    [InlineData(PictureFormat.Jpeg)]
    public void Equal_pictures_give_equal_bytes(PictureFormat format) =>
        Assert.Equal(ImageEncoder.Encode(Overlay(), format, Metadata), ImageEncoder.Encode(Overlay(), format, Metadata));

    [Theory]
    [InlineData(PictureFormat.Png)]
    [InlineData(PictureFormat.Webp)]
    [InlineData(PictureFormat.Jpeg)]
    public void A_picture_of_one_pixel_is_a_picture(PictureFormat format)
    {
        var pixel = Pixels(ImageEncoder.Encode(new Raster(1, 1, [200, 100, 50]), format));
        Assert.Equal(3, pixel.Length);
        Assert.InRange(pixel[0], 190, 210);
    }

    [Fact]
    public void A_PNG_carries_parameters_and_model_as_text()
    {
        var chunks = Pictures.PngChunks(ImageEncoder.Encode(Overlay(), PictureFormat.Png, Metadata));
        var texts = chunks.Where(chunk => chunk.Name == "tEXt").Select(chunk => Encoding.Latin1.GetString(chunk.Data));
        Assert.Equal([$"parameters\0{AsciiParameters}", "model\0demo-clip", "modelSha256\00123abcd"], texts);
    }

    [Fact]
    public void A_PNG_without_metadata_carries_none_and_names_a_screens_resolution()
    {
        var chunks = Pictures.PngChunks(ImageEncoder.Encode(Overlay(), PictureFormat.Png));
        Assert.Equal(["IHDR", "pHYs", "IDAT", "IEND"], chunks.Select(chunk => chunk.Name));
        Assert.Equal([0, 0, 0x0E, 0xC4, 0, 0, 0x0E, 0xC4, 1], chunks.Single(chunk => chunk.Name == "pHYs").Data); // 3780 pixels a metre
        Assert.Equal(0, chunks[0].Data[12]); // not interlaced
    }

    [Theory]
    [InlineData(PictureFormat.Webp)]
    [InlineData(PictureFormat.Jpeg)]
    public void WebP_and_JPEG_carry_parameters_and_model_as_XMP(PictureFormat format)
    {
        using var image = Image.NewFromBuffer(ImageEncoder.Encode(Overlay(), format, Metadata));
        AssertXmp((byte[])image.Get("xmp-data"));
    }

    [Fact]
    public void A_picture_wider_than_WebP_allows_is_refused_with_a_remedy()
    {
        var wide = new Raster(16384, 1, new byte[16384 * 3]);
        var refusal = Assert.Throws<PictureTooLargeException>(() => ImageEncoder.Encode(wide, PictureFormat.Webp));
        Assert.Contains("16384 × 1 pixels; WebP holds at most 16383", refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(ImageEncoder.Encode(wide, PictureFormat.Png));
    }

    internal static void AssertXmp(byte[] packet)
    {
        var text = Encoding.UTF8.GetString(packet);
        Assert.StartsWith("<?xpacket begin=", text, StringComparison.Ordinal);
        XNamespace own = "urn:attention-api:1#";
        var properties = XDocument.Parse(text).Descendants().Where(element => element.Name.Namespace == own);
        Assert.Equal([("parameters", AsciiParameters), ("model", "demo-clip"), ("modelSha256", "0123abcd")], properties.Select(element =>
            (element.Name.LocalName, element.Value)));
    }
}
