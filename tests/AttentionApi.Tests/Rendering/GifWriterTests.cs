using System.Text;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Rendering.Formats;

namespace AttentionApi.Tests.Rendering;

/// <summary>The GIF writer alone, with frames made of few colours, which come back exactly.</summary>
[Collection(AnimationFiles.Name)]
public class GifWriterTests
{
    /// <summary>64 colours so far apart that the dither cannot confuse them.</summary>
    private static readonly Rgb[] Colors = [.. Enumerable.Range(0, 64).Select(i => new Rgb(Level(i / 16), Level(i / 4 % 4), Level(i % 4)))];

    private static byte Level(int i) => (byte)(32 + 62 * i);

    /// <summary>Frames given by the number of each pixel's colour.</summary>
    private static FrameSequence Frames(int width, int height, int count, Func<int, int, int> color) =>
        new(width, height, count, (frame, canvas) => Pictures.Paint(canvas, i => Colors[color(frame, i)]), Colors);

    private static void AssertExact(FrameSequence frames, AnimationFile file)
    {
        Assert.Equal((frames.Width, frames.Height, frames.Count), (file.Width, file.Height, file.Frames.Length));
        var canvas = Raster.Uninitialized(frames.Width, frames.Height);
        for (var frame = 0; frame < frames.Count; frame++)
        {
            frames.Draw(frame, canvas);
            Assert.Equal(canvas.Rgb, file.Frames[frame]);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 300)]
    [InlineData(17, 19)]
    [InlineData(257, 131)]
    public void Noise_comes_back_exactly(int width, int height)
    {
        // Incompressible: the dictionary fills and is cleared many times.
        var frames = Frames(width, height, 5, (frame, i) => (int)((uint)(i * 2654435761L + frame * 40503L) >> 13 & 63));
        AssertExact(frames, AnimationFile.Read(GifWriter.Write(frames, 100, 0, null)));
    }

    [Fact]
    public void Every_length_of_an_even_area_comes_back_exactly()
    {
        // One colour makes the longest dictionary entries; the lengths pass each change of code width.
        foreach (var length in Enumerable.Range(1, 40).Concat([510, 511, 512, 513, 32_000, 32_896, 32_897, 65_000]))
        {
            var frames = Frames(length, 1, 2, (frame, _) => frame);
            AssertExact(frames, AnimationFile.Read(GifWriter.Write(frames, 100, 0, null)));
        }
    }

    [Fact]
    public void Every_number_of_codes_around_a_change_of_width_comes_back_exactly()
    {
        foreach (var length in Enumerable.Range(240, 40).Concat(Enumerable.Range(750, 40)))
        {
            var frames = Frames(length, 1, 1, (_, i) => (int)((uint)(i * 2654435761L) >> 13 & 63));
            AssertExact(frames, AnimationFile.Read(GifWriter.Write(frames, 100, 0, null)));
        }
    }

    [Fact]
    public void Frames_that_change_only_here_and_there_come_back_exactly()
    {
        var frames = Frames(60, 40, 8, (frame, i) => (i % 60, i / 60) is ( >= 20 and < 30, >= 10 and < 15) ? (frame * 7 + i) % 64 : i / 60 % 64);
        AssertExact(frames, AnimationFile.Read(GifWriter.Write(frames, 100, 0, null)));
    }

    [Fact]
    public void Equal_frames_are_kept_each_with_its_delay()
    {
        var frames = Frames(30, 20, 5, (_, i) => i % 64);
        var file = AnimationFile.Read(GifWriter.Write(frames, 250, 0, null));
        Assert.Equal([250, 250, 250, 250, 250], file.Delays);
        AssertExact(frames, file);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(65535)]
    public void The_loop_is_the_number_of_plays(int loop)
    {
        var bytes = GifWriter.Write(Frames(4, 4, 2, (frame, _) => frame), 20, loop, null);
        Assert.Equal(loop, AnimationFile.Read(bytes).Loop);
        // Playing once is said by silence: a block with 0 would mean for ever.
        Assert.Equal(loop != 1, Encoding.Latin1.GetString(bytes).Contains("NETSCAPE2.0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(10_000)]
    public void Delays_are_kept(int delay) =>
        Assert.Equal([delay, delay], AnimationFile.Read(GifWriter.Write(Frames(4, 4, 2, (frame, _) => frame), delay, 0, null)).Delays);

    [Fact]
    public void A_long_comment_is_kept_and_disturbs_nothing()
    {
        var comment = string.Concat(Enumerable.Repeat("0123456789", 70));
        var frames = Frames(4, 4, 3, (frame, _) => frame);
        var bytes = GifWriter.Write(frames, 20, 0, comment);
        AssertExact(frames, AnimationFile.Read(bytes));
        var at = bytes.AsSpan().IndexOf<byte>([0x21, 0xFE, 255]);
        var read = bytes[(at + 3)..(at + 258)].Concat(bytes[(at + 259)..(at + 514)]).Concat(bytes[(at + 515)..(at + 705)]);
        Assert.Equal(comment, Encoding.UTF8.GetString([.. read]));
        Assert.Equal(0, bytes[at + 705]);
    }

    [Fact]
    public void Even_areas_keep_their_colour_in_spite_of_the_dither()
    {
        var white = new FrameSequence(64, 64, 1, (_, canvas) => canvas.Fill(0, 0, 64, 64, new Rgb(255, 255, 255)), [new Rgb(255, 255, 255)]);
        Assert.All(AnimationFile.Read(GifWriter.Write(white, 20, 0, null)).Frames[0], value => Assert.Equal(255, value));
    }

    [Fact]
    public void A_gradient_is_dithered_without_steps()
    {
        // 462 × 64 shades of two colours and their mixtures: more than a palette holds.
        var gradient = new FrameSequence(462, 64, 1, (_, canvas) => Pictures.Paint(canvas, i => new Rgb((byte)(i % 462 / 2), (byte)(i / 462 * 4), 128)), []);
        var read = AnimationFile.Read(GifWriter.Write(gradient, 20, 0, null)).Frames[0];
        var canvas = Raster.Uninitialized(462, 64);
        gradient.Draw(0, canvas);
        Assert.InRange(Pictures.PeakSignalToNoise(canvas.Rgb, read), 30, 60);
        // The mean over a block is the mean of the original: the dither is fair.
        for (var left = 16; left + 32 <= 462; left += 32)
        {
            Assert.Equal(BlockMean(canvas.Rgb, left), BlockMean(read, left), 2.5);
        }
    }

    private static double BlockMean(byte[] rgb, int left)
    {
        double sum = 0;
        for (var y = 16; y < 48; y++)
        {
            for (var x = left; x < left + 32; x++) sum += rgb[(y * 462 + x) * 3];
        }
        return sum / (32 * 32);
    }
}
