using System.Text;
using AttentionApi.Tests.Imaging;

namespace AttentionApi.Tests.Faults;

/// <summary>Damage done to valid requests; the same for the same seed.</summary>
internal static class RequestMutations
{
    private static readonly string[] Endpoints = ["predict", "explain", "explain/overlay", "explain/animation", "explain/grid",
        "explain/regions", "explain/evidence", "explain/tensors", "explain/nothing", "models"];

    private static readonly string[] Names =
    [
        "model", "labels", "prompt", "method", "fromLayer", "toLayer", "head", "heads", "headFusion", "residual", "discard", "query", "view", "versus",
            "target", "top", "matrix", "textTokens",
        "size", "opacity", "colormap", "scale", "interpolation", "legend", "format", "frames", "panels", "delay", "loop", "hold", "dtype", "fromlayer", "x", "",
    ];

    private static readonly string[] Values =
    [
        "", " ", "-1", "0", "1", "2", "3", "64", "300", "2147483648", "-9223372036854775809", "1e308", "-0", "NaN", "Infinity", "0x10", "１", "0.5", ".5", "1,5",
            "%", "%zz", "\0", "\u202e", "\ufeff", "\ud83d",
        "a,b", "a,", ",,,", "cat,dog", "🐈‍⬛", "日本語", "{}", "{} {}", "a {} of {", "cls", "mean", "0,0", "5,5", "99999999999,1", "-1,-1", "rollout", "attention",
            "alignment", "cosine", "centered", "softmax", "contrast",
        "each", "fused", "max", "min", "true", "TRUE", "false", "png", "gif", "webp", "jpeg", "../../etc/passwd", "vit", "clip", "VIT", "original", "model",
            "turbo", "nearest", "percentile", "shared", "minmax",
        "<script>alert(1)</script>", "' OR 1=1 --", "layers", "cumulative", "labels", "float16", "float64", "*/*", "image/*;q=0", "text/html, */*;q=0.1",
    ];

    private static readonly byte[][] ValidPictures =
    [
        TestPictures.Png(TestPictures.Noise(48, 48, 1)), TestPictures.Jpeg(TestPictures.Noise(64, 40, 2)),
            TestPictures.Jpeg(TestPictures.Gradient(40, 64), orientation: 6, progressive: true),
        TestPictures.Webp(TestPictures.Gradient(50, 50)), TestPictures.CmykJpeg(32, 32, 10, 20, 30, 40),
            TestPictures.AnimatedWebp(TestPictures.Noise(48, 48, 1), TestPictures.Noise(48, 48, 3)),
    ];

    /// <summary>A header or parameter value, harmless or not.</summary>
    public static string Value(Random random) => random.Next(60) switch
    {
        0 => new string('a', 5000),
        1 => new string('é', 7_000),
        2 => string.Join(',', Enumerable.Range(0, 200).Select(i => $"label{i}")),
        _ => Pick(Values, random),
    };

    /// <summary>An endpoint with up to five parameters.</summary>
    public static string Query(Random random)
    {
        var parameters = Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
        {
            var value = Value(random);
            return $"{Pick(Names, random)}={(random.Next(10) == 0 ? value.Replace("\0", "%00", StringComparison.Ordinal) : Uri.EscapeDataString(value))}";
        });
        return $"{Pick(Endpoints, random)}?{string.Join('&', parameters)}";
    }

    /// <summary>A correct call that takes any picture.</summary>
    public static string Call(Random random) => Pick(
        ["explain", "explain?model=clip&labels=a,b", "explain/overlay", "explain/overlay?format=webp&size=64", "explain/animation?size=32",
            "explain/grid?size=32", "explain/regions", "explain/evidence", "explain/tensors", "predict"], random);

    public static byte[] Picture(Random random)
    {
        var picture = Damage(Pick(ValidPictures, random), random);
        // Polyglots: the beginning of one and the end of another.
        return random.Next(6) == 0 ? [.. picture[..(picture.Length / 2)], .. Pick(ValidPictures, random)] : picture;
    }

    public static (string Type, byte[] Body) Form(Random random, byte[] picture)
    {
        var boundary = Pick(["x", "----WebKitFormBoundary7MA4YWxk", new string('b', 69), new string('b', 200), "", "\"quoted boundary\"", "a b"], random);
        var head = $"--{boundary.Trim('"')}\r\nContent-Disposition: form-data; "
            + $"name=\"{Pick(["image", "image", "image", "file", "", "im\0age", "labels"], random)}\"; "
            + $"filename=\"{Pick(["a.png", "../../x", "", "ä\".png"], random)}\"\r\nContent-Type: image/png\r\n\r\n";
        byte[] body = [.. Encoding.UTF8.GetBytes(head), .. picture,
            .. Encoding.ASCII.GetBytes($"\r\n--{boundary.Trim('"')}{Pick(["--\r\n", "", "\r\n", "--"], random)}")];
        return ($"multipart/form-data; boundary={boundary}", random.Next(3) == 0 ? body : Damage(body, random));
    }

    /// <summary>Some bytes changed, lost, doubled or put in.</summary>
    public static byte[] Damage(byte[] bytes, Random random)
    {
        var damaged = bytes.ToList();
        for (var times = random.Next(1, 8); times > 0 && damaged.Count > 1; times--)
        {
            var at = random.Next(damaged.Count);
            var length = Math.Min(random.Next(1, 16), damaged.Count - at);
            switch (random.Next(6))
            {
                case 0: damaged.RemoveRange(at, length); break;
                case 1: damaged.InsertRange(at, damaged.GetRange(at, length)); break;
                case 2: damaged.Insert(at, (byte)random.Next(256)); break;
                case 3 when random.Next(3) == 0: damaged.RemoveRange(at, damaged.Count - at); break;
                default: damaged[at] ^= (byte)(1 << random.Next(8)); break;
            }
        }
        return [.. damaged];
    }

    private static T Pick<T>(IReadOnlyList<T> list, Random random) => list[random.Next(list.Count)];
}
