using System.Runtime.InteropServices;
using System.Text.Json;

namespace AttentionApi.Tests;

/// <summary>
/// Reads the reference data of the fixtures: a JSON file that names arrays (dtype, shape, byte offset) and a .bin file beside it with their
/// values, little endian and row-major.
/// </summary>
public sealed class ReferenceArrays
{
    private readonly byte[] values;
    private readonly Dictionary<string, JsonElement> arrays;

    /// <summary>The whole JSON file: <c>meta</c>, <c>variants</c>, or whatever else it holds.</summary>
    public JsonElement Root { get; }
    public JsonElement Meta => Root.GetProperty("meta");
    public string Folder { get; }

    private ReferenceArrays(string jsonPath)
    {
        Folder = Path.GetDirectoryName(jsonPath)!;
        using var document = JsonDocument.Parse(File.ReadAllBytes(jsonPath));
        Root = document.RootElement.Clone();
        arrays = Named(Root.GetProperty("arrays"));
        values = File.ReadAllBytes(Path.ChangeExtension(jsonPath, ".bin"));
    }

    public static ReferenceArrays Load(string jsonPath) => new(jsonPath);

    /// <summary>expected.json of a family of fixtures/models.</summary>
    public static ReferenceArrays Expected(string family) => new(SharedFixtures.Family(family, "expected.json"));

    /// <summary>methods.json of a family of fixtures/models.</summary>
    public static ReferenceArrays Methods(string family) => new(SharedFixtures.Family(family, "methods.json"));

    /// <summary>attribution.json of a family of fixtures/models.</summary>
    public static ReferenceArrays Attribution(string family) => new(SharedFixtures.Family(family, "attribution.json"));

    /// <summary>attribution.json of one photo of fixtures/real-vit.</summary>
    public static ReferenceArrays RealVitAttribution(string photo) => new(SharedFixtures.InShared("fixtures", "real-vit", photo, "attribution.json"));

    /// <summary>One photo of fixtures/real-vit.</summary>
    public static ReferenceArrays RealVit(string photo) => new(SharedFixtures.InShared("fixtures", "real-vit", photo, "expected.json"));

    public bool Has(string name) => arrays.ContainsKey(name);

    public int[] Shape(string name) => [.. arrays[name].GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];

    public float[] Floats(string name) => Read<float>(name, "float32");

    public long[] Integers(string name) => Read<long>(name, "int64");

    /// <summary>The models' files hold an object from name to array, real-vit's a list of arrays that carry their names.</summary>
    private static Dictionary<string, JsonElement> Named(JsonElement arrays) => arrays.ValueKind == JsonValueKind.Object
        ? arrays.EnumerateObject().ToDictionary(array => array.Name, array => array.Value)
        : arrays.EnumerateArray().ToDictionary(array => array.GetProperty("name").GetString()!);

    private T[] Read<T>(string name, string dtype) where T : struct
    {
        var entry = arrays[name];
        Assert.Equal(dtype, entry.GetProperty("dtype").GetString());
        var count = Shape(name).Aggregate(1, (product, size) => product * size);
        var offset = entry.GetProperty("offset").GetInt32();
        return MemoryMarshal.Cast<byte, T>(values.AsSpan(offset))[..count].ToArray();
    }

    /// <summary>The largest absolute difference of two equally long arrays; NaN anywhere gives NaN.</summary>
    public static float LargestDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = 0f;
        for (var i = 0; i < expected.Length; i++) largest = MathF.Max(largest, MathF.Abs(expected[i] - actual[i]));
        return largest;
    }
}
