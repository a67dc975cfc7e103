using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Tests.Imaging;

/// <summary>Whatever bytes arrive, the answer is a picture or a refusal with a sentence of ours.</summary>
public class HostilePictureTests
{
    private static readonly Raster Picture = TestPictures.Gradient(64, 48);

    private static readonly Dictionary<string, byte[]> Valid = new()
    {
        ["jpeg"] = TestPictures.Jpeg(Picture),
        ["progressive jpeg"] = TestPictures.Jpeg(Picture, progressive: true),
        ["turned jpeg"] = TestPictures.Jpeg(Picture, orientation: 6),
        ["cmyk jpeg"] = TestPictures.CmykJpeg(32, 32, 10, 20, 30, 40),
        ["png"] = TestPictures.Png(Picture),
        ["interlaced png"] = TestPictures.Png(Picture, interlaced: true),
        ["16-bit png"] = TestPictures.RawPng(40, 30, 16, 6, Enumerable.Range(0, 30).Select(y =>
            Enumerable.Range(0, 40 * 8).Select(x => (byte)(x * y)).ToArray())),
        ["palette png"] = TestPictures.RawPng(64, 64, 8, 3, TestPictures.Noise(64, 64, 2).Rgb.Select(level => (byte)(level & 3)).Chunk(64).Take(64),
            ("PLTE", [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])),
        ["webp"] = TestPictures.Webp(Picture),
        ["animated webp"] = TestPictures.AnimatedWebp(Picture, TestPictures.Noise(64, 48, 1)),
    };

    public static TheoryData<string> Formats() => [.. Valid.Keys];

    [Fact]
    public void Comments_and_profiles_change_nothing_and_are_not_unpacked()
    {
        byte[][] rows = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]];
        var comment = ("zTXt", (byte[])[.. "a\0\0"u8, .. TestPictures.Packed(1000)]);
        byte[] Png(params (string, byte[])[] chunks) => TestPictures.RawPng(2, 2, 8, 2, rows, chunks);
        var plain = ImageDecoder.Decode(Png(), ImageLimits.Default, CancellationToken.None);
        foreach (var picture in (byte[][])[Png(comment), Png(comment, ("tEXt", [.. "b\0c"u8]), comment, ("iCCP", [.. "d\0\0"u8, 1, 2, 3]))])
            Assert.Equal(plain.Rgb, ImageDecoder.Decode(picture, ImageLimits.Default, CancellationToken.None).Rgb);
        // Whatever a comment says of its length, nothing behind the file is read.
        var cut = Png(comment)[..60];
        Assert.Equal(ImageFault.Damaged, Refusal(cut).Fault);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GIF89a\u0001\0\u0001\0")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<?xml version='1.0'?><svg/>")]
    [InlineData("II*\0\u0008\0\0\0")]
    [InlineData("MM\0*\0\0\0\u0008")]
    [InlineData("%PDF-1.7\n")]
    [InlineData("BM\u0046\0\0\0")]
    [InlineData("\0\0\0\u0020ftypheic")]
    [InlineData("\0\0\0\u0020ftypavif")]
    [InlineData("P6 1 1 255\n\0\0\0")]
    [InlineData("RIFF\u0010\0\0\0WAVE")]
    [InlineData("RIFF")]
    [InlineData("<!DOCTYPE html>")]
    [InlineData("#!/bin/sh\n")]
    public void Other_formats_are_unsupported_whatever_follows_their_first_bytes(string start)
    {
        // A polyglot: another format first, a whole valid JPEG behind.
        byte[] bytes = [.. Encoding.Latin1.GetBytes(start), .. start.Length == 0 ? [] : Valid["jpeg"]];

        Assert.Equal(ImageFault.Unsupported, Refusal(bytes).Fault);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(12), InlineData(4096)]
    public void Zero_bytes_and_noise_are_unsupported(int length)
    {
        var noise = new byte[length];
        Assert.Equal(ImageFault.Unsupported, Refusal(noise).Fault);
        new Random(length).NextBytes(noise);
        Assert.Equal(ImageFault.Unsupported, Refusal(noise).Fault);
    }

    [Theory, MemberData(nameof(Formats))]
    public void What_follows_a_whole_picture_does_not_matter(string format)
    {
        byte[] polyglot = [.. Valid[format], .. "PK\u0003\u0004<script>"u8];

        Assert.Equal(Decode(Valid[format]).Rgb, Decode(polyglot).Rgb);
    }

    [Theory, MemberData(nameof(Formats))]
    public void Truncated_pictures_are_damaged_wherever_they_end(string format)
    {
        var whole = Valid[format];
        for (var share = 1; share < 20; share++)
        {
            var cut = whole[..(whole.Length * share / 20)];
            if (cut.Length >= 16) Assert.Equal(ImageFault.Damaged, Refusal(cut).Fault);
        }
    }

    [Fact]
    public void A_header_is_read_without_its_pixels()
    {
        var cut = Valid["jpeg"][..^(Valid["jpeg"].Length / 3)];

        Assert.Equal(new ImageHeader(ImageFormat.Jpeg, 64, 48, Animated: false, KeptBytes: 0), ImageDecoder.ReadHeader(cut, ImageLimits.Default));
    }

    /// <summary>Bytes a pixel: the RGB picture, and what the decoder keeps beside it.</summary>
    [Theory]
    [InlineData("jpeg", 3)]
    [InlineData("turned jpeg", 3)]
    [InlineData("cmyk jpeg", 3)]
    [InlineData("progressive jpeg", 3 + 6)]
    [InlineData("png", 3)]
    [InlineData("palette png", 3)]
    [InlineData("16-bit png", 3)]
    [InlineData("interlaced png", 3 + 3)]
    [InlineData("webp", 3 + 4 + 3)]
    public void What_a_picture_will_hold_is_known_from_its_header(string format, int bytes)
    {
        var header = ImageDecoder.ReadHeader(Valid[format], ImageLimits.Default);

        Assert.Equal((long)bytes * header.Width * header.Height, header.DecodedBytes);
        Assert.Equal(ImageFault.TooLarge, Refusal(Valid[format], new ImageLimits(MaxDecodedBytes: header.DecodedBytes - 1)).Fault);
        Assert.NotEmpty(Decode(Valid[format], new ImageLimits(MaxDecodedBytes: header.DecodedBytes)).Rgb);
    }

    [Fact]
    public void A_small_file_that_decodes_to_a_lot_is_refused_by_its_header()
    {
        var bytes = TestPictures.HeavyPng(7000, 7000);

        Assert.InRange(bytes.Length, 0, 500_000);
        Assert.Equal("The picture has 7000 × 7000 pixels, and decoding its kind of file takes 539 MB; at most 268 are given: send a smaller copy, or a "
            + "baseline JPEG.", Refusal(bytes).Message);
        AssertBomb(bytes);
    }

    public static TheoryData<string, byte[]> Slow() => new()
    {
        { "interlaced PNG", TestPictures.HeavyPng(5000, 5000, deep: false) },
        { "plain PNG", TestPictures.Png(TestPictures.Gradient(5000, 5000)) },
        { "progressive JPEG", TestPictures.Jpeg(TestPictures.Noise(4000, 4000, seed: 1), progressive: true) },
        { "baseline JPEG", TestPictures.Jpeg(TestPictures.Noise(4000, 4000, seed: 1)) },
    };

    [Theory, MemberData(nameof(Slow), DisableDiscoveryEnumeration = true)]
    public void Cancelling_ends_the_decoder_wherever_it_is(string kind, byte[] bytes)
    {
        const int tries = 8;
        Decode(bytes);
        // On a busy machine the decoder may be through before the other thread wakes up: it is tried again.
        var cancelled = Enumerable.Range(0, tries).Any(_ => EndsEarly(bytes));
        Assert.True(cancelled, $"{kind}: none of {tries} decodes was ended.");
    }

    /// <summary>True where a decode that is cancelled in its midst ends without a picture.</summary>
    private static bool EndsEarly(byte[] bytes)
    {
        var began = Stopwatch.GetTimestamp();
        Decode(bytes);
        var whole = Stopwatch.GetElapsedTime(began);
        using var source = new CancellationTokenSource();
        // A thread of its own: timers wait for the thread pool, which other tests keep busy.
        var canceller = new Thread(() =>
        {
            Thread.Sleep(whole / 10);
            source.Cancel();
        });
        canceller.Start();
        try
        {
            ImageDecoder.Decode(bytes, ImageLimits.Default, source.Token);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        finally
        {
            canceller.Join();
        }
    }

    [Theory]
    [InlineData(30_000, 30_000)]
    [InlineData(60_000, 60_000)] // 60,000² is negative as a 32-bit number.
    [InlineData(65_536, 65_536)] // … and this is 0.
    [InlineData(1_000_000, 2)]
    public void A_PNG_that_declares_too_much_is_refused_before_anything_is_decoded(int width, int height) =>
        AssertBomb(TestPictures.RawPng(width, height, 8, 2, [[0]]));

    [Fact]
    public void A_JPEG_that_declares_too_much_is_refused_before_anything_is_decoded()
    {
        var bytes = Valid["jpeg"].ToArray();
        var frame = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(frame + 5), 65_000);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(frame + 7), 65_000);

        AssertBomb(bytes);
    }

    [Fact]
    public void A_WebP_that_declares_too_much_is_refused_before_anything_is_decoded()
    {
        // A lossless WebP's header: a signature, then 14 bits each of width − 1 and height − 1.
        byte[] pixels = [0x2F, 0, 0, 0, 0, .. new byte[59]];
        BinaryPrimitives.WriteUInt32LittleEndian(pixels.AsSpan(1), (16_000 - 1) | ((16_000 - 1) << 14));

        AssertBomb([.. "RIFF"u8, 76, 0, 0, 0, .. "WEBPVP8L"u8, 64, 0, 0, 0, .. pixels]);
    }

    [Fact]
    public void Limits_hold_to_the_pixel()
    {
        var bytes = TestPictures.Png(TestPictures.Gradient(20, 10));

        Assert.Equal(600, Decode(bytes, new ImageLimits(MaxPixels: 200, MaxEdge: 20)).Rgb.Length);
        Assert.Equal(ImageFault.TooLarge, Refusal(bytes, new ImageLimits(MaxPixels: 199)).Fault);
        Assert.Equal(ImageFault.TooLarge, Refusal(bytes, new ImageLimits(MaxEdge: 19)).Fault);
    }

    [Fact]
    public void The_refusal_of_a_large_picture_says_how_large_and_what_is_taken()
    {
        var message = Refusal(TestPictures.RawPng(30_000, 20_000, 8, 2, [[0]])).Message;

        Assert.Equal("The picture has 30000 × 20000 pixels (600 megapixels); at most 50 are taken: send a smaller copy.", message);
    }

    /// <summary>Bytes flipped, cut out, doubled and overwritten; ATTENTION_FUZZ multiplies the count.</summary>
    [Theory, MemberData(nameof(Formats))]
    public void A_mutated_picture_is_decoded_or_refused(string format)
    {
        var rounds = 40 * (int.TryParse(Environment.GetEnvironmentVariable("ATTENTION_FUZZ"), out var factor) ? factor : 1);
        var random = new Random(Valid[format].Length);
        var limits = new ImageLimits(MaxPixels: 1_000_000);
        for (var round = 0; round < rounds; round++)
        {
            var bytes = Mutate(Valid[format], random);
            try
            {
                var image = Decode(bytes, limits);
                Assert.Equal(image.Width * image.Height * 3, image.Rgb.Length);
            }
            catch (ImageRefusedException refusal)
            {
                AssertSentence(refusal);
            }
        }
    }

    [Fact]
    public void Damaged_pictures_among_right_ones_harm_none_of_them()
    {
        var expected = Valid.ToDictionary(pair => pair.Key, pair => Decode(pair.Value).Rgb);
        var formats = Valid.Keys.ToArray();

        Parallel.For(0, 100, i =>
        {
            var format = formats[i % formats.Length];
            if (i % 4 == 3) Assert.Equal(ImageFault.Damaged, Refusal(Valid[format][..^(Valid[format].Length / 4)]).Fault);
            else Assert.Equal(expected[format], Decode(Valid[format]).Rgb);
        });
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        var bytes = valid.ToList();
        for (var change = random.Next(1, 6); change > 0; change--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 24), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, Math.Min(length, bytes.Count - 1)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                default:
                    // Sizes and offsets live near the start.
                    at = random.Next(Math.Min(64, bytes.Count));
                    bytes[at] = random.Next(2) == 0 ? (byte)0xFF : (byte)0;
                    break;
            }
        }
        return [.. bytes];
    }

    private static void AssertBomb(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(ImageFault.TooLarge, Refusal(bytes).Fault);
        Assert.Equal(ImageFault.TooLarge, Assert.Throws<ImageRefusedException>(() => ImageDecoder.ReadHeader(bytes, ImageLimits.Default)).Fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static DecodedImage Decode(byte[] bytes, ImageLimits? limits = null) =>
        ImageDecoder.Decode(bytes, limits ?? ImageLimits.Default, CancellationToken.None);

    private static ImageRefusedException Refusal(byte[] bytes, ImageLimits? limits = null)
    {
        var refusal = Assert.Throws<ImageRefusedException>(() => Decode(bytes, limits));
        AssertSentence(refusal);
        return refusal;
    }

    /// <summary>A sentence of ours, with nothing of the decoder in it.</summary>
    private static void AssertSentence(ImageRefusedException refusal)
    {
        Assert.Matches(@"^The .+\.$", refusal.Message);
        Assert.DoesNotMatch("(?i)vips|spng|libpng|demux|marker|/tmp|\n", refusal.Message);
        Assert.Null(refusal.InnerException);
    }
}
