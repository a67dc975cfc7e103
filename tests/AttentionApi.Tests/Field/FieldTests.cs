using System.Globalization;
using System.Runtime.InteropServices;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Tests.Field;

/// <summary>Folders, pictures and clients as people have them, against what PyTorch, Pillow and the specifications say of them (fixtures/field).</summary>
public sealed class FieldTests(ITestOutputHelper output)
{
    /// <summary>Folders of fixtures/field that hold.</summary>
    private static readonly string[] Folders =
    [
        "byte-order-mark",
        "class-names",
        "features-only",
        "hf-cache",
        "http-head",
        "immich-layout",
        "multi-label",
        "one-register",
        "open-clip-siglip",
        "open-sides-siglip",
        "remainder",
        "second-input",
        "siglip-scores",
        "webp-orientation",
        "written-softmax",
    ];

    public static TheoryData<string, string> Cases() => [.. Folders.SelectMany(folder => FieldCases.Names(folder).Select(name => (folder, name)))];

    [Theory, MemberData(nameof(Cases))]
    public async Task A_field_case_is_answered_as_the_references_say(string folder, string name)
    {
        await using var field = new FieldFolder(folder);
        await new FieldCases(field, output).RunAsync(name);
    }

    /// <summary>Folders whose expected.json says what the model is fed for a picture.</summary>
    public static TheoryData<string> Prepared() => ["immich-layout", "open-sides-siglip"];

    [Theory, MemberData(nameof(Prepared))]
    public async Task A_picture_is_prepared_as_the_reference_prepares_it(string folder)
    {
        await using var field = new FieldFolder(folder);
        var path = Directory.EnumerateDirectories(field.Path).Single();
        await using var model = await LoadedModels.LoadAsync(path);
        foreach (var pixels in field.Expected["pixels"]!.AsArray())
        {
            var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(field.At((string)pixels!["file"]!))).ToArray();
            var input = model.Preprocessor.Prepare(ImageDecoder.Decode(File.ReadAllBytes(field.At((string)pixels["picture"]!)), ImageLimits.Default,
                TestContext.Current.CancellationToken));
            Assert.Equal(pixels["shape"]!.AsArray().Select(side => (int)side!), [3, input.Height, input.Width]);
            var difference = ReferenceArrays.LargestDifference(expected, input.Pixels);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{folder} {pixels["picture"]}: {difference:g3} (at most {(float)pixels["tolerance"]!})"));
            Assert.True(difference <= (float)pixels["tolerance"]!);
        }
    }
}
