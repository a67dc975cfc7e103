using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AttentionApi.Core.Bundle;
using AttentionApi.Core.Imaging;

namespace AttentionApi.Tests.Api;

/// <summary>The evidence of an explanation as one file.</summary>
public sealed class EvidenceBundleTests(ApiHost host)
{
    private const string Query = "method=alignment&labels=dog,car&target=car&fromLayer=5&score=true&steps=2";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<byte[]> BundleAsync(string query, byte[]? picture = null)
    {
        using var client = await host.ReadyAsync();
        return await BundleAsync(client, query, picture);
    }

    private static async Task<byte[]> BundleAsync(HttpClient client, string query, byte[]? picture = null)
    {
        using var response = await client.SendAsync($"explain/evidence?{query}", picture);
        var bytes = await response.BytesAsync();
        Assert.Equal("application/zip", response.Content.Headers.ContentType?.MediaType);
        return bytes;
    }

    private static Dictionary<string, byte[]> Parts(byte[] bundle)
    {
        using var zip = new ZipArchive(new MemoryStream(bundle));
        return zip.Entries.ToDictionary(entry => entry.FullName, Bytes);

        static byte[] Bytes(ZipArchiveEntry entry)
        {
            using var source = entry.Open();
            using var copy = new MemoryStream();
            source.CopyTo(copy);
            return copy.ToArray();
        }
    }

    [Fact]
    public async Task The_manifest_comes_last_and_names_every_part_with_its_hash()
    {
        var bundle = await BundleAsync(Query);
        using var zip = new ZipArchive(new MemoryStream(bundle));
        Assert.Equal("manifest.json", zip.Entries[^1].FullName);
        Assert.All(zip.Entries, entry => Assert.Equal(1980, entry.LastWriteTime.Year));
        var parts = Parts(bundle);
        var manifest = JsonNode.Parse(parts["manifest.json"])!;
        Assert.Equal(parts.Keys.Where(name => name != "manifest.json"), manifest["parts"]!.AsArray().Select(part => (string)part!["name"]!));
        Assert.All(manifest["parts"]!.AsArray(), part =>
        {
            var bytes = parts[(string)part!["name"]!];
            Assert.Equal(((long)bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))), ((long)part["bytes"]!, (string)part["sha256"]!));
        });
    }

    /// <summary>By a host of its own: what others have asked for, or wait for in the same batch, changes last digits.</summary>
    [Fact]
    public async Task Its_numbers_are_those_of_explain()
    {
        await using var unshared = new ApiHost();
        using var client = await unshared.ReadyAsync();
        var parts = Parts(await BundleAsync(client, Query));
        using var response = await client.SendAsync($"explain?{Query}");
        var explained = await response.JsonAsync();
        var description = JsonNode.Parse(parts["explanation.json"])!;
        Assert.Equal(Pictures.DogAndCar, parts["picture.png"]);
        var maps = explained["maps"]!.AsArray();
        Assert.Equal(4, maps.Count);
        for (var map = 0; map < maps.Count; map++)
        {
            var listed = description["maps"]![map]!;
            Assert.Equal(((string?)maps[map]!["label"], (int)maps[map]!["layer"]!), ((string?)listed["label"], (int)listed["layer"]!));
            Assert.Equal(maps[map]!["values"].Rows().SelectMany(row => row), NpyFile.Read(parts[(string)listed["file"]!]));
            var png = ImageDecoder.Decode(parts[(string)listed["picture"]!], ImageLimits.Default, Cancellation);
            Assert.Equal(400, png.Width);
        }
        Assert.Equal((double)explained["evidence"]!["score"]!, (double)description["evidence"]!["score"]!);
        Assert.Equal(explained["predictions"]!.ToJsonString(), description["predictions"]!.ToJsonString());
        Assert.Equal("share,deletion,insertion,random_deletion,random_insertion", Encoding.UTF8.GetString(parts["curves.csv"]).Split('\n')[0]);
        Assert.Equal("GIF89a", Encoding.ASCII.GetString(parts["animation.gif"].AsSpan(0, 6)));
        Assert.Equal(64, ((string)description["model"]!["sha256"]!).Length);
        Assert.All(["attentionApi", "onnxRuntime", "libvips", "dotnet"], name => Assert.NotEmpty((string)JsonNode.Parse(parts["versions.json"])![name]!));
    }

    [Fact]
    public async Task The_report_needs_no_other_file_and_no_script()
    {
        var report = Encoding.UTF8.GetString(Parts(await BundleAsync($"{Query}&label=%3Cb%3E%22x%22"))["report.html"]);
        Assert.DoesNotContain("<b>", report, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;&quot;x&quot;", report, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", report, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", report, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", report, StringComparison.Ordinal);
        Assert.Equal(2, report.Split("<svg").Length - 1);
        Assert.Contains("@media print", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("method=features", "maps/001.npy"), InlineData("method=statistics", "maps/table.npy"), InlineData("", "animation.gif"),
        InlineData("method=decomposition&labels=dog,car", "maps/002.png")]
    public async Task Every_kind_of_method_has_a_bundle(string query, string part)
    {
        var parts = Parts(await BundleAsync(query));
        Assert.Contains(part, parts.Keys);
        var report = Encoding.UTF8.GetString(parts["report.html"]);
        Assert.DoesNotContain("= </td>", report, StringComparison.Ordinal);
        Assert.DoesNotContain("= ,", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equal_calls_give_equal_files() => Assert.Equal(await BundleAsync(Query), await BundleAsync(Query));

    [Theory, InlineData("heads=each", "heads"), InlineData("score=true", "labels"), InlineData("method=similarity", "query")]
    public async Task What_cannot_be_bundled_is_refused(string query, string parameter)
    {
        using var client = await host.ReadyAsync();
        using var response = await client.SendAsync($"explain/evidence?{query}");
        await response.ProblemAsync(400, parameter);
    }

    /// <summary>The format of numpy.lib.format, byte by byte.</summary>
    [Fact]
    public void Arrays_are_NumPys_own_files()
    {
        var file = NpyFile.Of([1, -2.5f, 3, 4, 5, 6], 2, 3);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0, 118, 0], file[..10]);
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".PadRight(117) + "\n", Encoding.ASCII.GetString(file[10..128]));
        Assert.Equal([1, -2.5f, 3, 4, 5, 6], NpyFile.Read(file));
        Assert.Equal(128 + 24, file.Length);
    }
}
