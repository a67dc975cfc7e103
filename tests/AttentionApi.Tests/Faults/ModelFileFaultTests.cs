using System.Diagnostics;
using System.Net;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Faults;

/// <summary>Model files that vanish or change under a running host, and folders that cannot be used.</summary>
public sealed class ModelFileFaultTests : IDisposable
{
    private readonly ServedModels models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model_external.onnx", "model_external.onnx_data")]
    public async Task Files_cut_short_while_they_are_served_harm_nobody_and_whole_ones_are_served_again(params string[] files)
    {
        string[] whole = [.. files.Select(file => SharedFixtures.InShared("fixtures", "models", "vit", "onnx", file))];
        var served = models.Add("other", whole);
        await using var host = await models.ServeAsync();
        await host.MustExplainAsync("model=other");

        foreach (var file in served) await File.WriteAllBytesAsync(file, [1, 2, 3], Cancellation);
        for (var call = 0; call < 20; call++)
        {
            using var answer = await host.ExplainAsync("model=other");
            // Until the change is seen the loaded model answers; then the file is refused, for the moment or as it is, or not listed yet.
            Assert.Contains(answer.StatusCode,
                (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.ServiceUnavailable]);
            await host.MustExplainAsync("model=vit");
            await Task.Delay(100, Cancellation);
        }

        foreach (var (source, file) in whole.Zip(served)) File.Copy(source, file, overwrite: true);
        await HostCalls.UntilAsync(async () =>
        {
            using var answer = await host.ExplainAsync("model=other");
            return answer.IsSuccessStatusCode;
        });
        Assert.False(host.HasExited, host.Log);
    }

    [Fact]
    public async Task A_model_removed_while_it_is_served_becomes_a_404()
    {
        models.Add("other", SharedFixtures.Family("vit", "onnx", "model.onnx"));
        await using var host = await models.ServeAsync();
        await host.MustExplainAsync("model=other");

        Directory.Delete(Path.Combine(models.Folder, "other"), recursive: true);
        await HostCalls.UntilAsync(async () =>
        {
            using var answer = await host.ExplainAsync("model=other");
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.NotFound]);
            return answer.StatusCode == HttpStatusCode.NotFound;
        });
        await host.MustExplainAsync("model=vit");
    }

    [Fact]
    public async Task A_models_folder_that_becomes_unreadable_leaves_the_known_models_served()
    {
        await using var host = await models.ServeAsync(ServedModels.AsNobody);
        using (new Closed(models.Folder))
        {
            await HostCalls.UntilAsync(() => Task.FromResult(host.Log.Contains("models folder cannot be read", StringComparison.Ordinal)));
            await host.MustExplainAsync();
        }
        await host.MustExplainAsync();
    }

    [Fact]
    public async Task A_host_does_not_start_on_a_models_folder_that_it_may_not_read_and_says_so()
    {
        using var closed = new Closed(models.Folder);
        await using var host = HostProcess.Launch(AppContext.BaseDirectory, ServedModels.AsNobody, models.Settings);
        Assert.Equal(1, await host.ExitAsync(HostCalls.Patience));
        Assert.Contains("cannot be read: set Models:Path", host.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", host.Log, StringComparison.Ordinal);
    }

    /// <summary>What a reader would wait for, or follow out of the models folder.</summary>
    public static TheoryData<string, string> Traps() => new()
    {
        { "a pipe as the model", "is an empty file" },
        { "a pipe as its configuration", "config.json" },
        { "a pipe as its weights", "is empty" },
        { "a device as the model", "is an empty file" },
        { "a link that leads nowhere", "leads nowhere" },
        { "a link that leads nowhere beside the model", "config.json" },
    };

    [Theory, MemberData(nameof(Traps))]
    public async Task A_file_that_is_none_is_refused_at_once_without_its_path_and_holds_no_exit_up(string trap, string reason)
    {
        var file = models.Add("trap", SharedFixtures.InShared("fixtures", "models", "vit", "onnx", trap.Contains("weights", StringComparison.Ordinal)
            ? "model_external.onnx" : "model.onnx"))[0];
        var config = Path.Combine(models.Folder, "trap", "config.json");
        var place = trap.Contains("configuration", StringComparison.Ordinal) || trap.Contains("beside", StringComparison.Ordinal) ? config
            : trap.Contains("weights", StringComparison.Ordinal) ? $"{file}_data" : file;
        File.Delete(place);
        if (trap.Contains("link", StringComparison.Ordinal)) File.CreateSymbolicLink(place, "/nowhere/secret");
        else if (trap.Contains("device", StringComparison.Ordinal)) File.CreateSymbolicLink(place, "/dev/zero");
        else await Process.Start("mkfifo", [place]).WaitForExitAsync(Cancellation);

        await using var host = await models.ServeAsync();
        using var answer = await host.ExplainAsync("model=trap").WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.BadRequest, HttpStatusCode.ServiceUnavailable]);
            var words = await answer.Content.ReadAsStringAsync(Cancellation);
            Assert.Contains(reason, words, StringComparison.Ordinal);
            Assert.DoesNotContain("/nowhere", words, StringComparison.Ordinal);
            Assert.DoesNotContain(models.Folder, words, StringComparison.Ordinal);
        }
        else Assert.Contains("link", trap, StringComparison.Ordinal);
        using var list = await host.Client.GetAsync("/api/v1/models", Cancellation);
        Assert.DoesNotContain(models.Folder, await list.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        host.Signal(HostProcess.Terminate);
        Assert.Equal(0, await host.ExitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_copy_that_its_disk_has_damaged_is_written_anew_and_the_answer_stays_the_same()
    {
        string before;
        await using (var host = await models.ServeAsync())
        {
            using var answer = await host.ExplainAsync();
            before = (await answer.JsonAsync())["maps"]!.ToJsonString();
        }
        foreach (var copy in Directory.GetFiles(models.Copies))
        {
            var bytes = await File.ReadAllBytesAsync(copy, Cancellation);
            bytes.AsSpan(bytes.Length / 2, 1000).Fill(0x7F);
            await File.WriteAllBytesAsync(copy, bytes, Cancellation);
        }
        await using (var host = await models.ServeAsync())
        {
            using var answer = await host.ExplainAsync();
            Assert.Equal(before, (await answer.JsonAsync())["maps"]!.ToJsonString());
            Assert.Contains("was damaged on its disk", host.Log, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_full_disk_for_instrumented_copies_means_models_from_memory()
    {
        // A disk of 16 KiB of the host's own.
        string[] launcher = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            "mount -t tmpfs -o size=16k tmpfs \"$0\" && exec \"$@\"", models.Copies];
        await using var host = await models.ServeAsync(launcher);
        await host.MustExplainAsync();
        Assert.Contains("loaded from memory", host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_hosts_share_one_models_folder_and_one_folder_of_copies()
    {
        var hosts = await Task.WhenAll(models.ServeAsync(), models.ServeAsync());
        try
        {
            using var one = await hosts[0].ExplainAsync();
            using var other = await hosts[1].ExplainAsync();
            Assert.Equal((await one.JsonAsync())["maps"]!.ToJsonString(), (await other.JsonAsync())["maps"]!.ToJsonString());
            Assert.All(Directory.GetFiles(models.Copies), file => Assert.EndsWith(".onnx", file, StringComparison.Ordinal));
        }
        finally
        {
            foreach (var host in hosts) await host.DisposeAsync();
        }
    }

    public void Dispose() => models.Dispose();

    /// <summary>A folder that nobody may look into until the value is disposed.</summary>
    private sealed class Closed : IDisposable
    {
        private readonly string folder;
        private readonly UnixFileMode mode;

        public Closed(string folder)
        {
            (this.folder, mode) = (folder, File.GetUnixFileMode(folder));
            File.SetUnixFileMode(folder, UnixFileMode.None);
        }

        public void Dispose() => File.SetUnixFileMode(folder, mode);
    }
}
