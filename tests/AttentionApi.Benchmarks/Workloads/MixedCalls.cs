using System.Net;
using AttentionApi.Benchmarks.Serving;

namespace AttentionApi.Benchmarks.Workloads;

/// <summary>The load of a public host: every endpoint, several models and picture sizes, new and repeated pictures, and bad input.</summary>
internal sealed class MixedCalls(IReadOnlyList<string> models)
{
    private static readonly string[] Explanations =
    [
        "explain?method=rollout", "explain?method=rollout&discard=0.9&headFusion=max",
        "explain?method=attention&fromLayer=2&toLayer=4", "explain?method=attention&heads=each&toLayer=1",
        "explain?method=alignment&labels=cat,dog,tree", "explain?method=rollout&matrix=true",
        "explain?labels=cat,dog&textTokens=true", "predict?labels=cat,dog,house",
        "explain/overlay?opacity=0.7", "explain/overlay?format=webp&size=model",
        "explain/overlay?method=alignment&labels=cat,dog&view=centered&legend=true", "explain/overlay?format=jpeg&colormap=turbo",
        "explain/animation?size=224", "explain/animation?format=webp&size=224", "explain/animation?method=alignment&labels=cat,dog&panels=labels&size=128",
        "explain/grid?size=64", "explain/grid?method=attention&heads=each&size=32", "explain/tensors?dtype=float16", "explain/tensors?heads=each&dtype=float32",
    ];

    private static readonly (string Path, HttpStatusCode Expected)[] BadQueries =
    [
        ("explain?metod=rollout", HttpStatusCode.BadRequest), ("explain?fromLayer=0", HttpStatusCode.BadRequest),
        ("explain?discard=1", HttpStatusCode.BadRequest),
        ("explain?model=nobody", HttpStatusCode.NotFound), ("explain?method=alignment", HttpStatusCode.BadRequest), ("nothing", HttpStatusCode.NotFound),
    ];

    private static readonly string[] Gets = ["api/v1/models", "api/v1/methods", "healthz", "readyz", "metrics"];

    private readonly byte[][] photos = [Photos.Jpeg(224, 224), Photos.Jpeg(640, 480), Photos.Jpeg(1024, 768), Photos.Jpeg(120, 400)];

    public Call Next(Random random)
    {
        switch (random.Next(20))
        {
            case 0:
                return new Call(Pick(Gets, random));
            case 1:
                var noise = new byte[5000];
                random.NextBytes(noise);
                return new Call("api/v1/explain", noise, HttpStatusCode.UnsupportedMediaType);
            case 2:
                return new Call("api/v1/explain/overlay", Photo(random)[..^1000], HttpStatusCode.UnprocessableEntity);
            case 3:
                var (path, expected) = Pick(BadQueries, random);
                return new Call($"api/v1/{path}", Photo(random), expected);
            default:
                return new Call($"api/v1/{Pick(Explanations, random)}&model={Pick(models, random)}", Photo(random));
        }
    }

    /// <summary>Half of the pictures were seen before, so that the cache takes part.</summary>
    private byte[] Photo(Random random) => random.Next(2) == 0 ? Pick(photos, random) : Photos.Fresh(Pick(photos, random));

    private static T Pick<T>(IReadOnlyList<T> list, Random random) => list[random.Next(list.Count)];
}
