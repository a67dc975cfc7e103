namespace AttentionApi.Core.Models;

/// <summary>Reads untrusted files of a model folder.</summary>
internal static class ModelFiles
{
    /// <summary>A file's bytes. A file of size 0 is not opened: it may be a pipe or a device, where opening may wait forever for a writer.</summary>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Stream OpenRead(string path) =>
        IsEmpty(path) ? Stream.Null : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);

    /// <summary>True for an empty file, a pipe or a device.</summary>
    public static bool IsEmpty(string path) => new FileInfo(path).Length == 0;

    /// <summary>A refusal in our own words; system messages contain full paths.</summary>
    public static ModelRefusedException Unreadable(string name, Exception cause) => new($"{name} cannot be read: {Reason(cause)}.", cause) { MayPass = true };

    private static string Reason(Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException => "it is not there, or is a link that leads nowhere",
        UnauthorizedAccessException => "this program may not read it",
        _ => "the disk or another program prevents it",
    };
}
