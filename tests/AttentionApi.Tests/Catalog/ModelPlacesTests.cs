using AttentionApi.Core.Catalog;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Catalog;

/// <summary>Models in an owner's folder, as transformers.js keeps them, and in the hub's download cache.</summary>
public sealed class ModelPlacesTests : IDisposable
{
    private const string Old = "0000000000000000000000000000000000000001", Main = "0000000000000000000000000000000000000002";

    private readonly TemporaryFolder root = new();

    public void Dispose() => root.Dispose();

    private string Make(params ReadOnlySpan<string> parts)
    {
        var path = root.At(parts);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        return path;
    }

    private Dictionary<string, string> Scan(List<string>? leftOut = null) =>
        ModelsFolder.Scan(root.Path, reason =>
            leftOut?.Add(reason)).Values.ToDictionary(model => model.Id, model => Path.GetRelativePath(root.Path, model.Path));

    [Fact]
    public void Models_of_an_owner_have_its_name_in_front()
    {
        Make("Xenova", "clip-tiny", "onnx", "vision_model.onnx");
        Make("Xenova", "vit-tiny", "model.onnx");
        Make("Xenova", "notes", "readme.txt");
        Make("timm", "vit_small.dino", "visual", "model.onnx");
        Make("plain", "onnx", "model.onnx");
        Make("empty", "deeper", "readme.txt");
        Assert.Equal(
            [new("Xenova--clip-tiny", Path.Combine("Xenova", "clip-tiny")), new("Xenova--vit-tiny", Path.Combine("Xenova", "vit-tiny")), new("empty", "empty"),
                new("plain", "plain"), new("timm--vit_small.dino", Path.Combine("timm", "vit_small.dino"))],
            Scan().OrderBy(model => model.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void A_folder_with_a_model_of_its_own_is_no_owner()
    {
        Make("clip", "visual.onnx");
        Make("clip", "older", "model.onnx");
        Assert.Equal("clip", Assert.Single(Scan()).Value);
    }

    [Fact]
    public void Of_a_cached_model_the_snapshot_of_main_is_taken()
    {
        Make("models--acme--tiny", "snapshots", Old, "onnx", "model.onnx");
        Make("models--acme--tiny", "snapshots", Main, "onnx", "model.onnx");
        Directory.SetLastWriteTimeUtc(root.At("models--acme--tiny", "snapshots", Old), DateTime.UtcNow.AddHours(1));
        Make("models--acme--tiny", "refs", "main");
        File.WriteAllText(root.At("models--acme--tiny", "refs", "main"), Main + "\n");
        Assert.Equal(new("acme--tiny", Path.Combine("models--acme--tiny", "snapshots", Main)), Assert.Single(Scan()));

        File.Delete(root.At("models--acme--tiny", "refs", "main"));
        Assert.Equal(Path.Combine("models--acme--tiny", "snapshots", Old), Assert.Single(Scan()).Value);
    }

    [Fact]
    public void Other_things_in_the_cache_are_left_out_and_said()
    {
        Make("models--gpt2", "snapshots", Main, "model.safetensors");
        Make("models--vit", "snapshots", Main, "model.onnx");
        Make("datasets--acme--pictures", "snapshots", Main, "model.onnx");
        Make(".locks", "models--vit", "lock");
        var leftOut = new List<string>();
        Assert.Equal(["vit"], Scan(leftOut).Keys);
        Assert.Equal(["'datasets--acme--pictures' is ignored: it is in the download cache and has no .onnx file.",
            "'models--gpt2' is ignored: it is in the download cache and has no .onnx file."], leftOut.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Two_of_one_id_are_not_both_listed()
    {
        Make("Xenova--vit", "model.onnx");
        Make("Xenova", "vit", "model.onnx");
        var leftOut = new List<string>();
        Assert.Single(Scan(leftOut));
        Assert.Contains("another entry has the id 'Xenova--vit', too", Assert.Single(leftOut), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_is_inspected_under_the_id_that_the_server_has_for_it()
    {
        Make("Xenova", "vit", "model.onnx");
        Make("models--acme--tiny", "snapshots", Main, "model.onnx");
        Assert.Equal("Xenova--vit", ModelsFolder.At(root.At("Xenova", "vit"), root.Path).Id);
        Assert.Equal("vit", ModelsFolder.At(root.At("Xenova", "vit"), root.At("nowhere")).Id);
        foreach (var path in (string[])[root.At("models--acme--tiny"), root.At("models--acme--tiny", "snapshots", Main)])
            Assert.Equal(("acme--tiny", root.At("models--acme--tiny", "snapshots", Main)),
                ModelsFolder.At(path, root.Path) is var found ? (found.Id, found.Path) : default);
    }

    [Fact]
    public async Task They_are_served_under_their_ids()
    {
        foreach (var place in (string[])[root.At("Xenova", "vit-tiny", "onnx"), root.At("models--acme--tiny", "snapshots", Main, "onnx")])
        {
            Directory.CreateDirectory(place);
            File.Copy(SharedFixtures.Family("vit", "onnx", "model.onnx"), Path.Combine(place, "model.onnx"));
            foreach (var config in (string[])["config.json", "preprocessor_config.json"])
                File.Copy(SharedFixtures.Family("vit", config), Path.Combine(place, "..", config));
        }
        await using var host = new TestHost(("Models:Path", root.Path), ("Models:Default", "Xenova--vit-tiny"));
        using var client = await host.ReadyAsync();
        using var one = await client.SendAsync("explain?model=acme--tiny", Pictures.Fixture);
        using var other = await client.SendAsync("explain", Pictures.Fixture);
        var (cached, owned) = (await one.JsonAsync(), await other.JsonAsync());
        Assert.Equal(("acme--tiny", "Xenova--vit-tiny"), ((string)cached["model"]!["id"]!, (string)owned["model"]!["id"]!));
        Assert.Equal(cached["maps"]!.ToJsonString(), owned["maps"]!.ToJsonString());
    }
}
