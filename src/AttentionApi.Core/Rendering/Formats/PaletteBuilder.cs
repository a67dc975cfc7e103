using AttentionApi.Core.Imaging;

namespace AttentionApi.Core.Rendering.Formats;

/// <summary>
/// Chooses a palette by cutting boxes of the colour cube in two, each time where that lowers the squared error most.
/// Sums over any box come from a table of cumulative sums (Wu, "Efficient statistical computations for optimal color quantization", Graphics Gems II, 1991).
/// </summary>
internal sealed class PaletteBuilder
{
    private const int Side = ColorHistogram.Side;

    /// <summary>At [r, g, b]: the sum over all cells below in each channel.</summary>
    private readonly ColorSum[,,] cumulative = new ColorSum[Side + 1, Side + 1, Side + 1];

    /// <summary>Cells from the first corner up to, not including, the second.</summary>
    private readonly record struct Box(int R0, int G0, int B0, int R1, int G1, int B1)
    {
        public (int From, int To) Extent(int axis) => axis switch { 0 => (R0, R1), 1 => (G0, G1), _ => (B0, B1) };

        public Box Below(int axis, int cut) => axis switch { 0 => this with { R1 = cut }, 1 => this with { G1 = cut }, _ => this with { B1 = cut } };

        public Box Above(int axis, int cut) => axis switch { 0 => this with { R0 = cut }, 1 => this with { G0 = cut }, _ => this with { B0 = cut } };
    }

    private readonly record struct Cut(Box Box, int Axis, int At, double Gain);

    private PaletteBuilder(ColorHistogram histogram)
    {
        for (var r = 0; r < Side; r++)
        {
            for (var g = 0; g < Side; g++)
            {
                var line = default(ColorSum);
                for (var b = 0; b < Side; b++)
                {
                    line += histogram[r, g, b];
                    cumulative[r + 1, g + 1, b + 1] = line + cumulative[r, g + 1, b + 1] + cumulative[r + 1, g, b + 1] - cumulative[r, g, b + 1];
                }
            }
        }
    }

    /// <summary>At most so many colours; fewer where the pixels fall into fewer cells.</summary>
    public static Rgb[] Build(ColorHistogram histogram, int colors) => new PaletteBuilder(histogram).Build(colors);

    private Rgb[] Build(int colors)
    {
        var cuts = new PriorityQueue<Cut, double>();
        Push(new Box(0, 0, 0, Side, Side, Side));
        while (cuts.Count < colors && cuts.Peek() is { Gain: > 0 } cut)
        {
            cuts.Dequeue();
            Push(cut.Box.Below(cut.Axis, cut.At));
            Push(cut.Box.Above(cut.Axis, cut.At));
        }
        return [.. cuts.UnorderedItems.Select(item => Sum(item.Element.Box).Mean)];

        void Push(Box box)
        {
            var best = BestCut(box);
            cuts.Enqueue(best, -best.Gain);
        }
    }

    private Cut BestCut(Box box)
    {
        var whole = Sum(box);
        var best = new Cut(box, 0, 0, 0);
        for (var axis = 0; axis < 3; axis++)
        {
            var (from, to) = box.Extent(axis);
            for (var at = from + 1; at < to; at++)
            {
                var below = Sum(box.Below(axis, at));
                var above = whole - below;
                if (below.Count == 0 || above.Count == 0) continue;
                var gain = below.Explained + above.Explained - whole.Explained;
                if (gain > best.Gain) best = new Cut(box, axis, at, gain);
            }
        }
        return best;
    }

    private ColorSum Sum(Box box) =>
        cumulative[box.R1, box.G1, box.B1] - cumulative[box.R0, box.G1, box.B1] - cumulative[box.R1, box.G0, box.B1] - cumulative[box.R1, box.G1, box.B0]
        + cumulative[box.R0, box.G0, box.B1] + cumulative[box.R0, box.G1, box.B0] + cumulative[box.R1, box.G0, box.B0] - cumulative[box.R0, box.G0, box.B0];
}
