using System.IO.Compression;
using System.Text;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Tests.Imaging;

/// <summary>What is no picture that is read here is called by its name.</summary>
public class ForeignBytesTests
{
    private static readonly Dictionary<string, byte[]> Pictures = new()
    {
        ["PNG"] = TestPictures.Png(TestPictures.Gradient(8, 8)), ["JPEG"] = TestPictures.Jpeg(TestPictures.Gradient(8, 8)),
            ["WebP"] = TestPictures.Webp(TestPictures.Gradient(8, 8)),
    };

    public static TheoryData<string> Formats => [.. Pictures.Keys];

    [Theory, MemberData(nameof(Formats))]
    public void Base64_is_called_base64_with_and_without_quotes_and_a_mark(string format)
    {
        var text = Convert.ToBase64String(Pictures[format], Base64FormattingOptions.InsertLineBreaks);
        foreach (var form in (string[])[text, $"\"{text}\"", "\uFEFF" + text, $"\r\n {text}"])
            Assert.Contains("is base64 text; decode it", Refusal(Encoding.UTF8.GetBytes(form)), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Formats))]
    public void A_data_URI_is_called_one(string format) => Assert.Contains("is a data URI; decode what follows its comma",
        Refusal(Encoding.ASCII.GetBytes($"data:image/{format};base64,{Convert.ToBase64String(Pictures[format])}")), StringComparison.Ordinal);

    [Fact]
    public void A_compressed_picture_is_called_compressed()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Pictures["PNG"]);
        Assert.Contains("compressed by gzip", Refusal(packed.ToArray()), StringComparison.Ordinal);
        using var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true)) zip.CreateEntry("cat.png");
        Assert.Contains("a ZIP archive", Refusal(archive.ToArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GIF89a…", "a GIF picture"), InlineData("{\"image\": \"…\"}", "is JSON"), InlineData("<!DOCTYPE html>", "HTML or XML"),
        InlineData("<svg xmlns=''/>", "an SVG drawing")]
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0", "a HEIC picture, as iPhones take them; convert it"),
        InlineData("\0\0\0\u001Cftypavif", "an AVIF picture"),
        InlineData("\0\0\0\u0018ftypmif1", "a HEIF or AVIF picture"), InlineData("\0\0\0\u0020ftypisom", "a video; send one of its pictures")]
    [InlineData("\0\0\u0001\0", "an icon"), InlineData("\0\0\0\u000CjP  \r\n", "a JPEG 2000 picture"),
        InlineData("%PDF-1.7", "a PDF"), InlineData("hello", "is text"), InlineData("image=%89PNG%0D%0A", "a form without files"),
        InlineData("", "is empty"), InlineData("two\r\nlines\n", "is text"), InlineData("\u0001\u0002", "not JPEG, PNG or WebP")]
    public void Other_bytes_are_called_what_they_are(string text, string name) =>
        Assert.Contains(name, Refusal(Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);

    private static string Refusal(byte[] bytes)
    {
        var refused = Assert.Throws<ImageRefusedException>(() => ImageDecoder.Decode(bytes, ImageLimits.Default, TestContext.Current.CancellationToken));
        Assert.Equal(ImageFault.Unsupported, refused.Fault);
        return refused.Message;
    }
}
