using System.Runtime.InteropServices;

namespace AttentionApi.Core.Runtime;

/// <summary>The C library's heap, which holds weights, what ONNX Runtime computes, and what libvips decodes. Does nothing where the C library is not glibc.</summary>
internal static partial class NativeMemory
{
    private const int TrimThreshold = -1, MmapThreshold = -3;
    private const int Kept = 128 << 20, LargestInHeap = 32 << 20;

    /// <summary>
    /// Lets the heap keep up to 128 MB that are free at its end, and blocks of up to 32 MB, glibc's most, lie in it. By default it returns them within a request and takes them again
    /// page by page: decoding a 1024 × 768 JPEG took 6 to 23 ms that way, and 5.5 ms so.
    /// </summary>
    public static void KeepFreed() => OnGlibc(() => _ = SetOption(MmapThreshold, LargestInHeap) & SetOption(TrimThreshold, Kept));

    /// <summary>
    /// Gives freed memory back to the system. Loading a model makes and frees a copy of its weights or two, below the ones that stay, where glibc keeps them
    /// (measured: 1047 MB resident after loading a ViT-B/32 CLIP of 508 MB, 722 MB after this call).
    /// </summary>
    public static void Trim() => OnGlibc(() => _ = MallocTrim(0));

    private static void OnGlibc(Action action)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            action();
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint keep);
}
