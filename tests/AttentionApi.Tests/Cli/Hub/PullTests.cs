using AttentionApi.Cli.Hub;
using AttentionApi.Core.Models;

namespace AttentionApi.Tests.Cli.Hub;

/// <summary><c>models pull</c> against a server that imitates the hub.</summary>
public sealed class PullTests : IDisposable
{
    private readonly TemporaryFolder models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => models.Dispose();

    private async Task<string> PullAsync(FakeHub fake, string? precision = null, string model = FakeHub.Repository, string? id = null, string? token = null)
    {
        using var hub = new HubClient(new HubSettings(new Uri(fake.Address), token));
        using var error = new StringWriter();
        var parsed = HubModel.Parse(model);
        await new Pull(hub, parsed, precision, new(models.Path, id ?? parsed.Name), error, terminal: false).RunAsync(Cancellation);
        return error.ToString();
    }

    private string[] Present(string id = "tiny-vit") =>
        [.. Directory.EnumerateFiles(models.At(id), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(models.At(id), path)).Order(StringComparer.Ordinal)];

    private async Task<string> RefusedAsync(FakeHub fake, string model = FakeHub.Repository, string? id = null, string? token = null) =>
        (await Assert.ThrowsAsync<HubException>(() => PullAsync(fake, null, model, id, token))).Message;

    [Fact]
    public async Task Only_the_files_that_the_loader_needs_come_and_they_are_whole()
    {
        await using var fake = await FakeHub.WithModelAsync();
        var said = await PullAsync(fake);
        Assert.Equal([".pulled.json", "config.json", "onnx/model.onnx", "preprocessor_config.json"], Present());
        foreach (var name in Present().Skip(1)) Assert.Equal(fake.Files[name], await File.ReadAllBytesAsync(models.At("tiny-vit", name), Cancellation));
        Assert.StartsWith("Somebody/tiny-vit at 01234567: 3 files, ", said, StringComparison.Ordinal);
        Assert.Equal([models.At("tiny-vit")], Directory.GetFileSystemEntries(models.Path));
    }

    [Fact]
    public async Task A_precision_is_chosen_with_the_weights_outside_of_its_file()
    {
        await using var fake = await FakeHub.WithModelAsync();
        fake.Files["onnx/model_q4.onnx"] = [1];
        fake.Files["onnx/model_q4.onnx_data"] = [2];
        fake.Files["onnx/model_q4.onnx_data_1"] = [3];
        await PullAsync(fake, "q4");
        string[] weights = ["onnx/model_q4.onnx", "onnx/model_q4.onnx_data", "onnx/model_q4.onnx_data_1"];
        Assert.Equal([".pulled.json", "config.json", .. weights, "preprocessor_config.json"], Present());
        var refused = await Assert.ThrowsAsync<ModelRefusedException>(() => PullAsync(fake, "fp16"));
        Assert.Equal("Somebody/tiny-vit has no precision 'fp16'; it has fp32, q4, quantized.", refused.Message);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_the_host_that_it_sends_on_to()
    {
        await using var fake = await FakeHub.WithModelAsync();
        fake.Token = "hf_secret";
        await PullAsync(fake, token: "hf_secret");
        Assert.All(fake.Requests.Where(request => request.Host == "hub"), request => Assert.Equal("Bearer hf_secret", request.Token));
        Assert.Null(Assert.Single(fake.Requests, request => request.Host == "store").Token);
    }

    [Fact]
    public async Task What_is_cut_off_goes_on_where_it_was()
    {
        await using var fake = await FakeHub.WithModelAsync();
        fake.Cut = (10_000, 2);
        await PullAsync(fake);
        Assert.Equal(fake.Files["onnx/model.onnx"], await File.ReadAllBytesAsync(models.At("tiny-vit", "onnx", "model.onnx"), Cancellation));
        Assert.Equal([null, "bytes=10000-", "bytes=20000-"], fake.Requests.Where(request => request.Host == "store").Select(request => request.Range));
    }

    [Fact]
    public async Task A_download_that_was_given_up_goes_on_in_the_next_run_and_a_server_without_ranges_begins_anew()
    {
        await using var fake = await FakeHub.WithModelAsync();
        var part = Directory.CreateDirectory(models.At(".pull-tiny-vit", "onnx")).FullName;
        var whole = fake.Files["onnx/model.onnx"];
        await File.WriteAllBytesAsync(Path.Combine(part, "model.onnx.part"), whole[..5000], Cancellation);
        Assert.Contains("MB of it already here", await PullAsync(fake), StringComparison.Ordinal);
        Assert.Equal("bytes=5000-", Assert.Single(fake.Requests, request => request.Host == "store").Range);

        fake.IgnoresRanges = true;
        Directory.CreateDirectory(models.At(".pull-other", "onnx"));
        await File.WriteAllBytesAsync(models.At(".pull-other", "onnx", "model.onnx.part"), new byte[5000], Cancellation);
        await PullAsync(fake, id: "other");
        Assert.Equal(whole, await File.ReadAllBytesAsync(models.At("other", "onnx", "model.onnx"), Cancellation));
    }

    [Fact]
    public async Task What_was_begun_with_other_bytes_is_fetched_anew()
    {
        await using var fake = await FakeHub.WithModelAsync();
        var part = Directory.CreateDirectory(models.At(".pull-tiny-vit", "onnx")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(part, "model.onnx.part"), new byte[5000], Cancellation);
        await PullAsync(fake);
        Assert.Equal(fake.Files["onnx/model.onnx"], await File.ReadAllBytesAsync(models.At("tiny-vit", "onnx", "model.onnx"), Cancellation));
    }

    [Fact]
    public async Task Bytes_with_another_hash_are_refused_and_nothing_is_installed()
    {
        await using var fake = await FakeHub.WithModelAsync();
        fake.Corrupt = true;
        Assert.Contains("onnx/model.onnx has another SHA-256 than the hub states", await RefusedAsync(fake), StringComparison.Ordinal);
        Assert.False(Directory.Exists(models.At("tiny-vit")));
        Assert.False(File.Exists(models.At(".pull-tiny-vit", "onnx", "model.onnx.part")));
    }

    [Fact]
    public async Task A_small_file_is_checked_by_its_git_hash_and_headers_against_the_list()
    {
        await using var fake = await FakeHub.WithModelAsync();
        var config = fake.Files["config.json"];
        fake.Contradict = true;
        Assert.Contains("announces another SHA-256", await RefusedAsync(fake), StringComparison.Ordinal);
        fake.Contradict = false;
        await PullAsync(fake);
        Assert.Equal(config, await File.ReadAllBytesAsync(models.At("tiny-vit", "config.json"), Cancellation));
        var hash = new ContentHash("0123456789012345678901234567890123456789", IsGitBlob: true);
        using var hub = new HubClient(new HubSettings(new Uri(fake.Address), null));
        var download = new FileDownload(hub, HubModel.Parse(FakeHub.Repository), FakeHub.Commit, models.Path, _ => { });
        var wrong = await Assert.ThrowsAsync<HubException>(() => download.FetchAsync(new HubFile("config.json", config.Length, hash), Cancellation));
        Assert.Contains("another git hash", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_lead_out_of_the_folder_are_left_alone()
    {
        await using var fake = await FakeHub.WithModelAsync();
        fake.Listed.AddRange(["../evil.json", "../../config.json", "onnx/../../config.json", "/etc/config.json"]);
        fake.Listed.AddRange(["onnx/..\\..\\model.onnx", "C:model.onnx", ".pulled.json"]);
        await PullAsync(fake);
        Assert.Equal([".pulled.json", "config.json", "onnx/model.onnx", "preprocessor_config.json"], Present());
        Assert.Equal([models.At("tiny-vit")], Directory.GetFileSystemEntries(models.Path));
    }

    [Theory]
    [InlineData("Xenova/vit-base", "main"), InlineData("Xenova/vit-base@refs/pr/1", "refs/pr/1"), InlineData("https://huggingface.co/Xenova/vit-base", "main")]
    [InlineData("https://huggingface.co/Xenova/vit-base/tree/v1.0/", "v1.0"), InlineData("https://hf.co/Xenova/vit-base/", "main")]
    public void A_model_is_named_as_the_hub_does_or_by_the_address_of_its_page(string text, string revision) =>
        Assert.Equal(new HubModel("Xenova", "vit-base", revision), HubModel.Parse(text));

    [Theory]
    [InlineData("https://elsewhere.example/a/b"), InlineData("http://huggingface.co/a/b")]
    [InlineData("Somebody/../x"), InlineData("../x/y"), InlineData("x"), InlineData("a/b/c"), InlineData("a/..")]
    [InlineData("a/b@"), InlineData("a/b?x=1"), InlineData("a/.hidden")]
    public void What_is_no_name_of_the_hub_is_refused(string name) =>
        Assert.Contains("is not a model of the hub", Assert.Throws<HubException>(() => HubModel.Parse(name)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Refusals_of_the_hub_are_told_in_words()
    {
        await using var fake = await FakeHub.WithModelAsync();
        Assert.Contains("There is no model Somebody/nothing", await RefusedAsync(fake, model: "Somebody/nothing"), StringComparison.Ordinal);
        Assert.Contains("There is no revision 'v9' of Somebody/tiny-vit", await RefusedAsync(fake, model: "Somebody/tiny-vit@v9"), StringComparison.Ordinal);
        fake.Token = "right";
        Assert.Contains("or it is private; no token was sent: set HF_TOKEN", await RefusedAsync(fake), StringComparison.Ordinal);
        Assert.Contains("the token sent may not read it", await RefusedAsync(fake, token: "wrong"), StringComparison.Ordinal);
        fake.Gated = true;
        Assert.Contains($"accepted its terms at {fake.Address}/Somebody/tiny-vit", await RefusedAsync(fake, token: "right"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_of_another_owner_is_an_error_and_the_same_model_is_there_already()
    {
        await using var fake = await FakeHub.WithModelAsync();
        await PullAsync(fake);
        fake.Requests.Clear();
        Assert.Contains("is already there", await PullAsync(fake), StringComparison.Ordinal);
        Assert.DoesNotContain(fake.Requests, request => request.Host == "store");
        Assert.Contains("The id 'tiny-vit' is taken by Somebody/tiny-vit.", await RefusedAsync(fake, model: "Other/tiny-vit"), StringComparison.Ordinal);
        Directory.CreateDirectory(models.At("mine"));
        Assert.Contains("taken by a folder", await RefusedAsync(fake, id: "mine"), StringComparison.Ordinal);
        await PullAsync(fake, "quantized");
        Assert.Equal([".pulled.json", "config.json", "onnx/model_quantized.onnx", "preprocessor_config.json"], Present());
    }

    [Fact]
    public void Endpoint_and_token_are_where_other_programs_of_the_hub_have_them()
    {
        using var home = new TemporaryFolder();
        home.Write("token", "stored\n");
        Assert.Equal(new HubSettings(new Uri("https://huggingface.co"), null), Read(("HF_HOME", home.At("nowhere"))));
        Assert.Equal("stored", Read(("HF_HOME", home.Path)).Token);
        Assert.Equal("stored", Read(("HF_TOKEN_PATH", home.At("token"))).Token);
        var mirror = Read(("HF_ENDPOINT", "https://hf-mirror.com/"), ("HF_TOKEN", " given "), ("HF_HOME", home.Path));
        Assert.Equal(new HubSettings(new Uri("https://hf-mirror.com"), "given"), mirror);
        Assert.Equal("older", Read(("HUGGING_FACE_HUB_TOKEN", "older"), ("HF_HOME", home.Path)).Token);
        Assert.Equal("given", Read(("HUGGING_FACE_HUB_TOKEN", "older"), ("HF_TOKEN", "given")).Token);
        Assert.Throws<HubException>(() => Read(("HF_ENDPOINT", "ftp://x")));

        static HubSettings Read(params (string Name, string Value)[] variables) =>
            HubSettings.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
    }

    [Fact]
    public async Task The_command_reads_the_environment_goes_through_a_proxy_and_says_what_was_loaded()
    {
        await using var fake = await FakeHub.WithModelAsync();
        // The server takes requests for other hosts as a proxy does.
        var (output, error, exit) = await CommandLine.ProcessAsync(["models", "pull", "Somebody/tiny-vit@v1", "--models", models.Path, "--as", "mine"],
            ("HF_ENDPOINT", "http://hub.invalid"), ("HTTP_PROXY", fake.Address), ("HF_TOKEN", "hf_secret"), ("NO_PROXY", "127.0.0.1"));
        Assert.True(exit == 0, error);
        Assert.StartsWith("mine is ready: 4 layers", output, StringComparison.Ordinal);
        Assert.Contains(fake.Requests, request => request.Token == "Bearer hf_secret");
    }

    [Fact]
    public async Task Without_a_network_the_command_says_what_to_look_at()
    {
        var nowhere = $"http://127.0.0.1:{HostProcess.FreePort()}";
        string[] arguments = ["models", "pull", "Somebody/tiny-vit", "--models", models.Path];
        var (_, error, exit) = await CommandLine.ProcessAsync(arguments, ("HF_ENDPOINT", nowhere), ("HTTP_PROXY", ""));
        Assert.Equal(1, exit);
        Assert.Contains($"{nowhere[7..]} cannot be reached", error, StringComparison.Ordinal);
        Assert.Contains("HTTPS_PROXY", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(models.Path));
    }

    [Fact]
    public async Task Known_models_are_listed_with_what_they_cost()
    {
        var list = await CommandLine.RunAsync("models", "pull", "--list");
        Assert.Equal(0, list.ExitCode);
        var clip = list.Output.Split('\n').Single(line => line.StartsWith("Xenova/clip-vit-base-patch32", StringComparison.Ordinal));
        Assert.Contains("about 606 MB", clip, StringComparison.Ordinal);
    }
}
