using System.Globalization;
using AttentionApi.Core.Explain;

namespace AttentionApi.Core.Bundle;

/// <summary>A curve against that of random orders, as SVG.</summary>
internal static class ReportChart
{
    private const int Width = 440, Height = 240, Left = 52, Right = 8, Top = 10, Bottom = 34;

    public static string Of(string caption, IReadOnlyList<double> shares, Curve own, Curve other)
    {
        var (low, high) = (own.Values.Concat(other.Values).Min(), own.Values.Concat(other.Values).Max());
        if (high - low < 1e-9) (low, high) = (low - 0.5, high + 0.5);
        double X(double share) => Left + share * (Width - Left - Right);
        double Y(double value) => Top + (high - value) / (high - low) * (Height - Top - Bottom);
        string Points(Curve curve) => string.Join(' ', shares.Zip(curve.Values, (share, value) => Invariant($"{X(share):0.0},{Y(value):0.0}")));
        string Line(Curve curve, string name) => $"<polyline class=\"{name}\" points=\"{Points(curve)}\"/>";
        string Label(double x, double y, string anchor, string text) => Invariant($"<text x=\"{x:0.0}\" y=\"{y:0.0}\" text-anchor=\"{anchor}\">{text}</text>");
        var words = Invariant($"{caption} Area {own.Area:0.000}, random {other.Area:0.000}.");
        return string.Concat(
            $"<figure><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{words}\">",
            $"<path class=\"axis\" fill=\"none\" d=\"M{Left} {Top}V{Height - Bottom}H{Width - Right}\"/>",
            Label(Left - 6, Y(high) + 4, "end", Invariant($"{high:0.###}")), Label(Left - 6, Y(low) + 4, "end", Invariant($"{low:0.###}")),
            Label(X(0), Height - Bottom + 16, "start", "0"), Label(X(0.5), Height - Bottom + 28, "middle", "share of the patches"),
            Label(X(1), Height - Bottom + 16, "end", "1"), Line(other, "other"), Line(own, "own"), $"</svg><figcaption>{words}</figcaption></figure>\n");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
