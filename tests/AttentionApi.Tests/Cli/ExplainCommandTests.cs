using System.Text.Json.Nodes;
using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Core.Rendering.Regions;
using AttentionApi.Tests.Api;

namespace AttentionApi.Tests.Cli;

/// <summary><c>explain</c>: the same files as the API gives, of one picture or of many.</summary>
public sealed class ExplainCommandTests : IDisposable
{
    private const int SomeSkipped = 2;
    private const string LongLabel = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen eighteen";

    private static readonly byte[] NoPicture = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    private static readonly string Picture = SharedFixtures.Family("vit", "image.png");

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    private string Out => folder.At("out");

    private Task<CommandResult> ExplainAsync(params string[] arguments) =>
        CommandLine.RunAsync(
        [
            "explain", .. arguments, "--out", Out, "--models", SharedFixtures.RepositoryModels,
            .. arguments.Contains("--model") ? Array.Empty<string>() : ["--model", "vit"],
        ]);

    /// <summary>A folder of pictures by name; null: a file that is no picture.</summary>
    private string Pictures(params (string Name, byte[]? Bytes)[] pictures)
    {
        foreach (var (name, bytes) in pictures)
        {
            var path = folder.At("pictures", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes ?? NoPicture);
        }
        return folder.At("pictures");
    }

    private JsonObject[] Summary() => [.. File.ReadLines(Path.Combine(Out, "summary.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];

    [Fact]
    public async Task A_folder_gives_files_a_summary_and_contact_sheets_and_what_is_no_picture_is_skipped()
    {
        var fixture = await File.ReadAllBytesAsync(Picture, Cancellation);
        var pictures = Pictures(
            ("a.png", fixture), ("b & <b>.png", Api.Pictures.DogAndCar), ("deep/c.PNG", fixture),
            ("bad.png", null), (".hidden.png", null), ("notes.txt", null));
        var result = await ExplainAsync(pictures, "--model", "clip", "--labels", "cat,dog", "--save", "overlay,json,animation");

        Assert.Equal(SomeSkipped, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains($"skipped: {Path.Combine(pictures, "bad.png")}: The picture's bytes are not JPEG", result.Error, StringComparison.Ordinal);
        var summary = Summary().ToDictionary(line => Path.GetRelativePath(pictures, (string)line["picture"]!));
        Assert.Equal(["a.png", "b & <b>.png", "bad.png", "deep/c.PNG"], summary.Keys.Order(StringComparer.Ordinal));
        Assert.NotNull(summary["bad.png"]["error"]);
        foreach (var name in (string[])["a.png", "b & <b>.png", "deep/c.PNG"])
        {
            var files = summary[name]["files"]!.AsObject();
            Assert.Equal(["json", "overlay", "animation"], files.Select(file => file.Key));
            Assert.All(files, file => Assert.True(File.Exists(Path.Combine(Out, (string)file.Value!))));
            Assert.Equal(2, summary[name]["predictions"]!.AsArray().Count);
        }
        var page = await File.ReadAllTextAsync(Path.Combine(Out, "contact-sheet.html"), Cancellation);
        Assert.Contains("b &amp; &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.Contains("b%20%26%20%3Cb%3E.overlay.png", page, StringComparison.Ordinal);
        Assert.Contains("3 pictures explained", page, StringComparison.Ordinal);
        Assert.Equal("PNG"u8.ToArray(), (await File.ReadAllBytesAsync(Path.Combine(Out, "contact-sheet.png"), Cancellation))[1..4]);
        Assert.Empty(Directory.EnumerateFiles(Out, "*.part", SearchOption.AllDirectories));
    }

    [Theory, InlineData("json", "surgery"), InlineData("json,animation", "libra")]
    public async Task Labels_without_a_method_are_shown_by_what_is_recommended_for_the_model(string save, string method)
    {
        var pictures = Pictures(("a.png", Api.Pictures.Fixture));
        Assert.Equal(0, (await ExplainAsync(pictures, "--model", "clip", "--labels", "cat,dog", "--save", save)).ExitCode);
        var answer = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Out, "a.json"), Cancellation))!;
        Assert.Equal(method, (string?)answer["method"]);
    }

    [Fact]
    public async Task A_pattern_that_the_shell_left_alone_names_the_files_that_fit()
    {
        var pictures = Pictures(("a.png", Api.Pictures.DogAndCar), ("b.png", Api.Pictures.DogAndCar), ("c.jpg", null));
        Assert.Equal(0, (await ExplainAsync(Path.Combine(pictures, "*.png"), "--model", "clip", "--save", "json")).ExitCode);
        Assert.Equal(["a.json", "b.json"], Summary().Select(line => (string)line["files"]!["json"]!).Order(StringComparer.Ordinal));
        var none = await ExplainAsync(Path.Combine(pictures, "*.webp"), "--model", "clip");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("There is no picture or folder", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_the_folder_for_results_is_named()
    {
        folder.Write("taken", "a file");
        foreach (var (target, words) in (List<(string, string)>)
            [(folder.At("taken"), "--out names a file"), (Path.Combine(folder.At("taken"), "below"), "Nothing can be written into the folder")])
        {
            var result = await CommandLine.RunAsync("explain", Picture, "--model", SharedFixtures.Family("clip"), "--out", target);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(words, result.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>By a host of its own: what others have asked for, or wait for in the same batch, changes last digits.</summary>
    [Fact]
    public async Task The_files_are_those_that_the_server_answers()
    {
        const string query = "model=clip&method=alignment&labels=cat,dog&target=dog&legend=true&size=128";
        var result = await ExplainAsync(
            Picture, "--model", "clip", "--method", "alignment", "--labels", "cat,dog", "--target", "dog", "--legend", "--size", "128",
            "--save", "overlay,grid,animation,json,tensors");
        Assert.Equal(0, result.ExitCode);
        var files = Summary().Single()["files"]!;
        await using var unshared = new FixtureHost();
        using var client = await unshared.ReadyAsync();
        foreach (var kind in (string[])["overlay", "grid", "animation"])
        {
            using var response = await client.SendAsync($"explain/{kind}?{query}", Api.Pictures.Fixture);
            Assert.Equal(await response.BytesAsync(), await File.ReadAllBytesAsync(Path.Combine(Out, (string)files[kind]!), Cancellation));
        }
        using var answer = await client.SendAsync($"explain?{query.Replace("&legend=true&size=128", "", StringComparison.Ordinal)}", Api.Pictures.Fixture);
        var served = await answer.JsonAsync();
        var written = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Out, (string)files["json"]!), Cancellation))!.AsObject();
        // One run for all files of the picture.
        Assert.Equal(1, (int)written["modelRuns"]!);
        foreach (var changing in (string[])["timings", "modelRuns"])
        {
            served.Remove(changing);
            written.Remove(changing);
        }
        Assert.Equal(served.ToJsonString(), written.ToJsonString());
        using var tensors = await client.SendAsync("explain/tensors?model=clip&labels=cat,dog", Api.Pictures.Fixture);
        Assert.Equal(Arrays(await tensors.BytesAsync()), Arrays(await File.ReadAllBytesAsync(Path.Combine(Out, (string)files["tensors"]!), Cancellation)));

        // Behind the header, whose metadata has times in it.
        static byte[] Arrays(byte[] file) => file[(8 + (int)BitConverter.ToInt64(file))..];
    }

    [Fact]
    public async Task Every_parameter_of_the_contract_is_an_option()
    {
        var help = (await CommandLine.RunAsync("explain", "--help")).Output;
        var table = new ParameterTable(BuiltInMethods.Registry, [.. PictureParameters.All, .. RegionParameters.All]);
        Assert.All(table.All, parameter => Assert.Contains($"--{parameter.Name} ", help, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("opacity is '7'", "--opacity", "7")]
    [InlineData("fromLayer is 99; the model has layers 1 to", "--fromLayer", "99")]
    [InlineData("There is no option '--from-layer'; the nearest is '--fromLayer'.", "--from-layer", "2")]
    [InlineData("There is no model 'vti'", "--model", "vti")]
    [InlineData("--save has no 'gif'", "--save", "gif")]
    [InlineData("statistics has one picture", "--method", "statistics", "--save", "animation")]
    [InlineData("has more tokens than", "--model", "clip", "--labels", LongLabel)]
    public async Task What_is_wrong_ends_the_command_before_anything_is_written(string sentence, params string[] arguments)
    {
        var result = await ExplainAsync([Picture, .. arguments]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out) && Directory.EnumerateFiles(Out, "image*").Any());
    }

    [Fact]
    public async Task A_parameter_that_no_file_takes_is_told()
    {
        var result = await ExplainAsync(Picture, "--delay", "100");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("'delay' has no effect: only --save animation takes it.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_of_the_same_name_have_files_of_their_own()
    {
        var (fixture, other) = (await File.ReadAllBytesAsync(Picture, Cancellation), Api.Pictures.DogAndCar);
        var pictures = Pictures(("one/cat.png", fixture), ("two/cat.png", other));
        Assert.Equal(0, (await ExplainAsync(Path.Combine(pictures, "one"), Path.Combine(pictures, "two"))).ExitCode);
        Assert.Equal(["cat-2.overlay.png", "cat.overlay.png"], Directory.GetFiles(Out, "*.overlay.png").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_folder_that_is_written_to_is_not_read()
    {
        var pictures = Pictures(("a.png", await File.ReadAllBytesAsync(Picture, Cancellation)));
        var inside = Path.Combine(pictures, "explained");
        for (var round = 0; round < 2; round++)
        {
            var result = await CommandLine.RunAsync("explain", pictures, "--out", inside, "--models", SharedFixtures.RepositoryModels, "--model", "vit");
            Assert.Equal(0, result.ExitCode);
            Assert.Single(File.ReadLines(Path.Combine(inside, "summary.jsonl")));
        }
        var same = await CommandLine.RunAsync("explain", pictures, "--out", pictures, "--models", SharedFixtures.RepositoryModels);
        Assert.Equal(1, same.ExitCode);
        Assert.Contains("--out is the folder of the pictures", same.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_outside_of_the_models_folder_is_taken_by_its_path()
    {
        Assert.Equal(0, (await ExplainAsync(Picture, "--model", SharedFixtures.Family("vit"), "--save", "json")).ExitCode);
        using var answer = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Out, "image.json"), Cancellation));
        Assert.Equal("vit", answer.RootElement.GetProperty("model").GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_picture_on_standard_input_goes_to_standard_output()
    {
        string[] settings = ["--models", SharedFixtures.RepositoryModels, "--model", "vit"];
        var (overlay, error, exit) = await CommandLine.PipeAsync(Api.Pictures.Fixture, ["explain", "-", .. settings]);
        Assert.Equal((0, ""), (exit, error));
        await using var unshared = new FixtureHost();
        using var client = await unshared.ReadyAsync();
        using var served = await client.SendAsync("explain/overlay?model=vit", Api.Pictures.Fixture);
        Assert.Equal(await served.BytesAsync(), overlay);
        var (nothing, reason, failed) = await CommandLine.PipeAsync(NoPicture, ["explain", "-", "--save", "json", .. settings]);
        Assert.Equal((1, 0), (failed, nothing.Length));
        Assert.Contains("not JPEG, PNG or WebP", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watching_explains_what_appears_and_what_changes_until_it_is_ended()
    {
        var fixture = await File.ReadAllBytesAsync(Picture, Cancellation);
        var pictures = Pictures(("first.png", fixture));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        string[] arguments = ["explain", pictures, "--watch", "--out", Out, "--models", SharedFixtures.RepositoryModels, "--model", "vit"];
        var watching = CommandLine.RunAsync(BuiltInMethods.Registry, arguments, end.Token);
        await UntilAsync(() => Lines() == 1);
        Pictures(("second.png", Api.Pictures.DogAndCar));
        await UntilAsync(() => Lines() == 2);
        Pictures(("first.png", Api.Pictures.DogAndCar));
        await UntilAsync(() => Lines() == 3);
        await end.CancelAsync();
        Assert.Equal(0, (await watching).ExitCode);
        Assert.Equal(["first.png", "second.png", "first.png"], Summary().Select(line => Path.GetFileName((string)line["picture"]!)));
        Assert.Contains("second.overlay.png", await File.ReadAllTextAsync(Path.Combine(Out, "contact-sheet.html"), Cancellation), StringComparison.Ordinal);

        int Lines() => File.Exists(Path.Combine(Out, "summary.jsonl")) ? File.ReadLines(Path.Combine(Out, "summary.jsonl")).Count() : 0;
    }

    private static async Task UntilAsync(Func<bool> happened)
    {
        for (var wait = 0; !happened(); wait++)
        {
            Assert.True(wait < 600, "It did not happen within thirty seconds.");
            await Task.Delay(50, Cancellation);
        }
    }

    [Fact]
    public async Task As_many_pictures_are_in_work_at_once_as_the_server_would_take()
    {
        var atOnce = 2 * Environment.ProcessorCount;
        var meeting = new Meeting(atOnce);
        var fixture = await File.ReadAllBytesAsync(Picture, Cancellation);
        var pictures = Pictures([.. Enumerable.Range(0, 2 * atOnce).Select(number => ($"{number}.png", (byte[]?)fixture))]);
        string[] arguments = ["explain", pictures, "--save", "json", "--method", "meeting", "--out", Out, "--model", SharedFixtures.Family("vit")];
        var result = await CommandLine.RunAsync(new([.. BuiltInMethods.Registry.All, meeting]), arguments, Cancellation);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(atOnce, meeting.Most);
    }

    /// <summary>A method that goes on only when so many pictures have come to it.</summary>
    private sealed class Meeting(int expected) : Explainer
    {
        private readonly TaskCompletionSource met = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int present;

        /// <summary>The most pictures in it at once.</summary>
        public int Most { get; private set; }

        public override MethodInfo Info { get; } = new()
        {
            Name = "meeting", Title = "Meeting", Shows = "Nothing.", ShowsNot = "Anything.", Paper = "Nobody 2026, A Method for Tests",
            Layers = LayerUse.None, Parameters = [],
        };

        public override async Task<MapSet> ExplainAsync(Inspection inspection, ParameterValues parameters, CancellationToken cancellation)
        {
            lock (met)
            {
                Most = Math.Max(Most, ++present);
                if (present == expected) met.TrySetResult();
            }
            await met.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation);
            await Task.Delay(20, cancellation);
            await inspection.AttentionAsync(HeadFusion.Mean, null, cancellation);
            lock (met) present--;
            return new([]);
        }
    }
}
