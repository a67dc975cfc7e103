using System.Text.Json.Nodes;

namespace AttentionApi.Tests.Packaging;

/// <summary>Images are made of the packages that the lock files name, by their hashes.</summary>
[Collection(nameof(SourceCopy))]
public sealed class LockFileTests(SourceCopy copy)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The forms that docker/ publishes.</summary>
    public static TheoryData<string, string[]> Forms() => new()
    {
        { "packages.cpu.lock.json", [] },
        { "packages.gpu.linux-x64.lock.json", ["-p:OnnxRuntime=gpu", "-p:RuntimeIdentifier=linux-x64", "-p:SelfContained=true"] },
    };

    [Theory, MemberData(nameof(Forms))]
    public async Task What_an_image_is_made_of_is_restored_as_locked_and_other_hashes_are_refused(string file, string[] form)
    {
        var lockFile = Path.Combine(copy.Core, file);
        var locked = await File.ReadAllTextAsync(lockFile, Cancellation);
        string[] restore = ["restore", copy.Host, "-p:RestoreLockedMode=true", "--force", "-nodeReuse:false", .. form];
        await SourceCopy.DotnetAsync(copy.Sources, restore);
        Assert.Equal(locked, await File.ReadAllTextAsync(lockFile, Cancellation));

        var other = JsonNode.Parse(locked)!;
        other["dependencies"]!["net10.0"]!["NetVips"]!["requested"] = "[3.1.0, )";
        await File.WriteAllTextAsync(lockFile, other.ToJsonString(), Cancellation);
        var refused = await Record.ExceptionAsync(() => SourceCopy.DotnetAsync(copy.Sources, restore));
        await File.WriteAllTextAsync(lockFile, locked, Cancellation);
        Assert.Contains("NU1004", refused!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_project_has_its_lock_file_and_none_says_where_packages_came_from()
    {
        string[] projects = ["src", "tests", "samples"];
        var folders = projects.SelectMany(folder => Directory.GetDirectories(Path.Combine(SourceTree.Root, folder)))
            .Where(folder => Directory.GetFiles(folder, "*.csproj").Length > 0).ToArray();
        Assert.Equal(6, folders.Length);
        Assert.All(folders, folder =>
            Assert.DoesNotContain("http", File.ReadAllText(Path.Combine(folder, "packages.cpu.lock.json")), StringComparison.Ordinal));
    }
}
