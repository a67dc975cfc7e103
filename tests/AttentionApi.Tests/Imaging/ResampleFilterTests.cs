using System.Security.Cryptography;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;

namespace AttentionApi.Tests.Imaging;

/// <summary>Every filter that a file can name, against the bytes that Pillow 9.4 makes of the same picture (Image.resize).</summary>
public class ResampleFilterTests
{
    [Theory]
    [InlineData(ResampleFilter.Nearest, "6d6ac562118779f22fb3e04b5760fb02d9b3a40b9eaa959f71ead029735932b1")]
    [InlineData(ResampleFilter.Lanczos, "82350bdfc325e1456ed01cd46f7855c4d5d588601939d2f5775efd49d2cd5318")]
    [InlineData(ResampleFilter.Bilinear, "a1869292c0438fc6a6300f5d5070908809772e546da1365ba4b0c9d38e20bb88")]
    [InlineData(ResampleFilter.Bicubic, "92f7bdbb38d2d8f2dd69a3d8e4de0d09a75b0a6f3ec28dd2723239d05ca28e70")]
    [InlineData(ResampleFilter.Box, "c7982d7bcabfad413b6b7c896c1efd905620eee953319b3ac105146e7350594c")]
    [InlineData(ResampleFilter.Hamming, "0aa409bdd383741d216f14b1fd3accf15bfb1b1f2617d026ddb6ca7490a4fd59")]
    internal void Scaling_down_equals_Pillow_to_the_byte(ResampleFilter filter, string sha256) => AssertResized(61, 47, new(24, 24), filter, sha256);

    [Theory]
    [InlineData(ResampleFilter.Nearest, "019100662dd6ea51cd507863b088d7ed4d7a2ae85d75d415a4004ae9c2a47b44")]
    [InlineData(ResampleFilter.Lanczos, "f7c92d75c028be549ec2de1b055b961d868874a03425174ddbfa29663d98aa0a")]
    [InlineData(ResampleFilter.Bilinear, "6394eda225c0456326739d391da67bf13b678e71820c5dc13d3ef2f0847ee690")]
    [InlineData(ResampleFilter.Bicubic, "86e8af590aba21b6283bb1cc435ca9c84abe03e0878d1ca97dbf9f35ae4bdafb")]
    [InlineData(ResampleFilter.Box, "019100662dd6ea51cd507863b088d7ed4d7a2ae85d75d415a4004ae9c2a47b44")]
    [InlineData(ResampleFilter.Hamming, "9c626db38bfe033a03e6b07b400569bfe93e4d566450455170376307d2eed52c")]
    internal void Scaling_up_equals_Pillow_to_the_byte(ResampleFilter filter, string sha256) => AssertResized(20, 31, new(48, 40), filter, sha256);

    [Theory]
    [InlineData(ResampleFilter.Nearest, "6d78183ae1cdfc7678d60848cd5cdd6413dc01d86dca70276b7fe4f1e03c1eb3")]
    [InlineData(ResampleFilter.Lanczos, "ff8a776fe7b990497e67ef1cd4fa6eac3b7d8c26698690d5417e768e50eb145b")]
    [InlineData(ResampleFilter.Box, "e56f6804ed6209d14a9ddc81ad979ad88a0c688d815154ad27c905bed56079d3")]
    [InlineData(ResampleFilter.Hamming, "0eeced7231b13246bea69a27f939612b53630bb196fadf52acfca8cc7c3caf97")]
    internal void An_axis_that_keeps_its_length_is_left_alone_as_in_Pillow(ResampleFilter filter, string sha256) =>
        AssertResized(40, 40, new(40, 17), filter, sha256);

    private static void AssertResized(int width, int height, PixelSize size, ResampleFilter filter, string sha256)
    {
        var levels = new ImagePreprocessor(new() { Input = size, Resize = ResizeRule.Stretch(size), Filter = filter }).PrepareLevels(Noise(width, height));
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(levels)));
    }

    /// <summary>The linear congruential generator of ISO C's example, so that any language makes the same picture.</summary>
    private static Raster Noise(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        var state = 12345u;
        for (var i = 0; i < rgb.Length; i++)
        {
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF;
            rgb[i] = (byte)(state >> 16);
        }
        return new(width, height, rgb);
    }
}
