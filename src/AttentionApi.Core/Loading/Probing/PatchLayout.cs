using AttentionApi.Core.Models;
using AttentionApi.Core.Onnx.Graph;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Loading.Probing;

/// <summary>
/// Which tokens are patches and how they lie in the picture, measured on the part of the graph before the first layer: tokens that change with pixels are
/// patches, those that change with the left column of pixels are the grid's first column, and so on. This holds for any patchifier: convolutions, overlapping
/// or several of them, unfolding, linear layers.
/// </summary>
/// <param name="PrefixTokens">Tokens before the patches.</param>
/// <param name="Grid">Patches, row by row.</param>
/// <param name="SuffixTokens">Tokens after the patches.</param>
/// <param name="Area">The pixels of the model's input that any patch has; smaller than the input where a remainder or a margin is dropped.</param>
/// <param name="Step">From one patch to the next, in pixels.</param>
/// <param name="FirstPart">Tokens in what is put before the patches first: one may be a CLS token. 1 where it cannot be told.</param>
internal sealed record PatchLayout(int PrefixTokens, PatchGrid Grid, int SuffixTokens, PixelArea Area, PixelSize Step, long FirstPart)
{
    /// <summary>A token counts as touched by the changed pixels if it changes by this share of the largest change; neighbours in a convolutional stem change
    /// less.</summary>
    private const float Touched = 0.2f;

    /// <summary>The share from which a token counts as changed at all; tokens that do not depend on the changed pixels do not change by a bit.</summary>
    private const float Changed = 1e-4f;

    public int Count => PrefixTokens + Grid.Count + SuffixTokens;

    /// <summary>Runs the graph up to <paramref name="embeddings"/>, the hidden state that enters the first layer, on a few made-up pictures.</summary>
    /// <exception cref="ModelRefusedException">The patches do not lie row by row.</exception>
    public static PatchLayout Measure(SessionFactory factory, OnnxGraph graph, ImageInput image, string embeddings)
    {
        using var stem = new Stem(factory, graph, image, embeddings);
        var everything = stem.Changes((_, _) => true);
        var patches = Above(everything, Changed * everything.Max());
        var prefix = Array.IndexOf(patches, true);
        var count = Array.LastIndexOf(patches, true) - prefix + 1;
        if (prefix < 0 || patches.Count(changed => changed) != count) throw NotInRows(graph);

        var measured = new Patches(stem, prefix, count, Changed * everything.Max());
        var (left, right) = Extent(image.Size.Width, (first, end) => measured.ChangeWith((_, x) => x >= first && x < end));
        var (top, bottom) = Extent(image.Size.Height, (first, end) => measured.ChangeWith((y, _) => y >= first && y < end));
        var columns = Columns(measured.TouchedBy((_, x) => x == left), measured.TouchedBy((y, _) => y == top));
        if (columns == 0) throw NotInRows(graph);
        var grid = new PatchGrid(count / columns, columns);
        var step = new PixelSize(
            StepOf(left, right, columns, end => measured.LinesWith((_, x) => x >= left && x < end, columns, patch => patch % columns)),
            StepOf(top, bottom, grid.Rows, end => measured.LinesWith((y, _) => y >= top && y < end, grid.Rows, patch => patch / columns)));
        return new(prefix, grid, everything.Length - prefix - count, new(left, top, right - left, bottom - top), step, stem.FirstPart);
    }

    /// <summary>How the patches change with pixels, which are given by row and column.</summary>
    /// <param name="Smallest">The change from which a patch counts as changed.</param>
    private sealed record Patches(Stem Stem, int First, int Count, float Smallest)
    {
        public bool ChangeWith(Func<int, int, bool> pixels) => Stem.Changes(pixels).AsSpan(First, Count).ContainsAnyExceptInRange(0, Smallest);

        public bool[] TouchedBy(Func<int, int, bool> pixels)
        {
            var changes = Stem.Changes(pixels);
            return Above(changes, Touched * changes.Max())[First..(First + Count)];
        }

        /// <summary>Which columns, or rows, of patches change.</summary>
        public bool[] LinesWith(Func<int, int, bool> pixels, int lines, Func<int, int> lineOf)
        {
            var changed = new bool[lines];
            var changes = Stem.Changes(pixels);
            for (var patch = 0; patch < Count; patch++) changed[lineOf(patch)] |= changes[First + patch] > Smallest;
            return changed;
        }
    }

    private static bool[] Above(float[] changes, float threshold) => Array.ConvertAll(changes, change => change > threshold);

    /// <summary>The first pixel along an axis that any patch has, and the end: one more than the last.</summary>
    /// <param name="length">Pixels along the axis.</param>
    /// <param name="changesAny">Whether any patch changes with the pixels from a first one up to an end.</param>
    private static (int First, int End) Extent(int length, Func<int, int, bool> changesAny) =>
        (Least(0, length - 1, last => changesAny(0, last + 1)), length - Least(0, length - 1, left => changesAny(length - 1 - left, length)));

    /// <summary>The smallest number that passes a test, by bisection: all greater numbers pass too. The greatest number needs no test.</summary>
    private static int Least(int from, int to, Func<int, bool> holds)
    {
        if (holds(from)) return from;
        while (to - from > 1)
        {
            var middle = (from + to) / 2;
            if (holds(middle)) to = middle;
            else from = middle;
        }
        return to;
    }

    /// <summary>
    /// The step from one patch to the next along an axis. Patches that do not overlap share the extent equally, and no other patch changes with the first one's
    /// pixels. For patches that overlap, it is measured where each of them begins; the first one is left out because padding may cut it.
    /// </summary>
    /// <param name="first">The first pixel that a patch has.</param>
    /// <param name="end">One more than the last.</param>
    /// <param name="lines">Patches along the axis.</param>
    /// <param name="changed">Which lines of patches change with the pixels from <paramref name="first"/> up to another one.</param>
    private static int StepOf(int first, int end, int lines, Func<int, bool[]> changed)
    {
        var share = (end - first) / lines;
        if (lines == 1) return end - first;
        if (share * lines == end - first && Array.LastIndexOf(changed(first + share), true) == 0) return share;
        int Start(int line) => Least(first, end - 1, last => changed(last + 1)[line]);
        var step = lines == 2 ? Start(1) - first : (double)(Start(lines - 1) - Start(1)) / (lines - 2);
        return step >= 1 ? (int)Math.Round(step) : Math.Max(1, share);
    }

    private static ModelRefusedException NotInRows(OnnxGraph graph) =>
        new($"{graph.File.FileName}: the tokens of the first layer are not one block of patches in rows from the top left.");

    /// <summary>
    /// The number of columns, from the patches that touch the left edge (every columns-th, from the first on) and the top edge (the first ones); 0 where they
    /// do not form a grid. With overlapping patches the second column or row may change as well: what counts is where a run of changes begins again.
    /// </summary>
    private static int Columns(ReadOnlySpan<bool> left, ReadOnlySpan<bool> top)
    {
        var columns = 1;
        while (columns < left.Length && (!left[columns] || left[columns - 1])) columns++;
        if (!left.Contains(false)) columns = 1;
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i] != left[i % columns]) return 0;
        }
        var answered = top.LastIndexOf(true) + 1;
        var everywhere = left.Length > 1 && !left.Contains(false) && !top.Contains(false);
        var inRows = left[0] && answered > 0 && answered % columns == 0 && left.Length % columns == 0 && !top[..answered].Contains(false);
        return inRows && !everywhere ? columns : 0;
    }
}
