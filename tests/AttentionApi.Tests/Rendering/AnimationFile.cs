using AttentionApi.Core.Imaging;
using NetVips;

namespace AttentionApi.Tests.Rendering;

/// <summary>
/// Tests that read animations back run alone: they switch on libvips' GIF loader, which a program that takes uploads has switched off for everybody.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AnimationFiles
{
    public const string Name = "Animation files";
}

/// <summary>An animation as libvips reads it: frames composed as a viewer shows them.</summary>
internal sealed record AnimationFile(int Width, int Height, int Loop, int[] Delays, byte[][] Frames)
{
    static AnimationFile() => Libvips.Initialise();

    public static AnimationFile Read(byte[] file)
    {
        Operation.Block("VipsForeignLoadNsgif", false);
        try
        {
            using var image = Image.NewFromBuffer(file, kwargs: new VOption { { "n", -1 } });
            using var rgb = image.HasAlpha() ? image.ExtractBand(0, n: 3) : image.Copy();
            var height = image.PageHeight;
            Assert.True(!image.HasAlpha() || image.ExtractBand(3).Min() == 255, "A pixel of a frame is transparent.");
            var frames = rgb.WriteToMemory<byte>().Chunk(image.Width * height * 3).ToArray();
            return new AnimationFile(image.Width, height, (int)image.Get("loop"), (int[])image.Get("delay"), frames);
        }
        finally
        {
            Operation.Block("VipsForeignLoadNsgif", true);
        }
    }
}
