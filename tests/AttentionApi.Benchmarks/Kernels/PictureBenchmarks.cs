using AttentionApi.Benchmarks.Workloads;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Models;
using AttentionApi.Core.Models.Processor;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Painting;
using BenchmarkDotNet.Attributes;

namespace AttentionApi.Benchmarks.Kernels;

/// <summary>Reading a photo (decoder, Pillow's resize) and drawing it (sampling, colours and blend; encoders; a GIF of twelve frames).</summary>
[MemoryDiagnoser]
public class PictureBenchmarks
{
    private const int FrameEdge = 462;

    private readonly byte[] file = Photos.Jpeg(1024, 768);
    private readonly ImagePreprocessor preprocessor = new(PreprocessorConfig.Read(null, new PixelSize(224, 224), []));
    private readonly OverlayStyle style = new(), frameStyle = new() { Size = PictureSize.LongerEdge(FrameEdge) };
    private Raster photo = null!;
    private Region all;
    private Raster overlay = null!;
    private Frame[] frames = null!;

    [GlobalSetup]
    public void Setup()
    {
        photo = Decoded();
        all = new(0, 0, photo.Width, photo.Height);
        frames = [.. Enumerable.Range(1, 12).Select(layer => new Frame(new Caption(""), [new Panel(Map(layer), new Caption(""))]))];
        overlay = Draw();
    }

    [Benchmark]
    public object Decode() => Decoded();

    [Benchmark]
    public object Preprocess() => preprocessor.Prepare(photo);

    [Benchmark]
    public object Overlay() => Draw();

    private DecodedImage Decoded() => ImageDecoder.Decode(file, ImageLimits.Default, CancellationToken.None);

    private Raster Draw() => OverlayRenderer.Render(photo, all, frames[0].Panels[0].Map, style, new Caption("")).Raster;

    [Benchmark]
    public byte[] Png() => ImageEncoder.Encode(overlay, PictureFormat.Png);

    [Benchmark]
    public byte[] WebP() => ImageEncoder.Encode(overlay, PictureFormat.Webp);

    [Benchmark]
    public byte[] Jpeg() => ImageEncoder.Encode(overlay, PictureFormat.Jpeg);

    [Benchmark]
    public object GifOf12Frames() => AnimationRenderer.Render(photo, all, frames, frameStyle, new Playback(AnimationFormat.Gif));

    private static Heatmap Map(int seed)
    {
        var random = new Random(seed);
        return new(seed, null, null, false, 7, 7, [.. Enumerable.Range(0, 49).Select(_ => random.NextSingle())]);
    }
}
