using AttentionApi.Core.Models;

namespace AttentionApi.Core.Analysis;

/// <summary>
/// Analyses of the pictures seen last, at most <paramref name="maximumBytes"/> of activations. A second question about a picture (other method, range or
/// colours) then runs no model, and decodes nothing unless a picture is asked for.
/// </summary>
internal sealed class ActivationCache(long maximumBytes)
{
    /// <summary>
    /// The garbage collector lets as much garbage pile up as there is long-lived data beside it. So a collection is requested whenever
    /// this part of the limit was added: the young generation at once, which takes a few milliseconds, the old one in the background.
    /// </summary>
    /// <remarks>Measured in a load of everything mixed, with the cache full: 290 to 500 MB of garbage without being asked to.</remarks>
    private const int CollectedShare = 8;

    private readonly Dictionary<PictureKey, LinkedListNode<(PictureKey Key, PictureAnalysis Analysis)>> entries = [];
    private readonly LinkedList<(PictureKey Key, PictureAnalysis Analysis)> recent = new();
    private long bytes, added;

    /// <summary>Bytes of activations held.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>What is known of the picture, or null. It may lack parts that are asked for now.</summary>
    public PictureAnalysis? Find(PictureKey key)
    {
        lock (entries)
        {
            if (!entries.TryGetValue(key, out var node)) return null;
            recent.Remove(node);
            recent.AddFirst(node);
            return node.Value.Analysis;
        }
    }

    /// <summary>Keeps an analysis, in place of an older one of the same picture; the least recently used ones go where the limit is passed.</summary>
    public void Keep(PictureKey key, PictureAnalysis analysis)
    {
        var size = analysis.Bytes;
        if (size > maximumBytes) return;
        lock (entries)
        {
            if (entries.TryGetValue(key, out var older)) Remove(older);
            entries[key] = recent.AddFirst((key, analysis));
            bytes += size;
            added += size - (older?.Value.Analysis.Bytes ?? 0);
            while (bytes > maximumBytes) Remove(recent.Last!);
            if (added < maximumBytes / CollectedShare) return;
            added = 0;
        }
        GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
    }

    /// <summary>Forgets what an unloaded model computed.</summary>
    public void Forget(object model)
    {
        lock (entries)
        {
            foreach (var node in entries.Values.Where(node => node.Value.Key.Model == model).ToArray()) Remove(node);
        }
    }

    private void Remove(LinkedListNode<(PictureKey Key, PictureAnalysis Analysis)> node)
    {
        recent.Remove(node);
        entries.Remove(node.Value.Key);
        bytes -= node.Value.Analysis.Bytes;
    }
}

/// <summary>One picture through one loaded model at one size; the model is compared by reference, so that a reloaded one starts anew.</summary>
internal readonly record struct PictureKey(object Model, string Sha256, PixelSize Size = default);
