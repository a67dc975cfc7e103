using AttentionApi.Core.Onnx.Graph;

namespace AttentionApi.Core.Onnx;

/// <summary>The equation of an Einsum: a letter for each axis of its operands and of its output.</summary>
/// <param name="Operands">One word an operand.</param>
/// <param name="Output">The output's word.</param>
internal sealed record EinsumEquation(IReadOnlyList<string> Operands, string Output)
{
    private const string Ellipsis = "...";
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <param name="node">The Einsum.</param>
    /// <param name="rank">The number of axes of a tensor, which tells how many an ellipsis stands for; null where none is known.</param>
    /// <returns>Null where the equation cannot be read: an ellipsis of unknown length, or an axis twice in one operand (a diagonal).</returns>
    public static EinsumEquation? Of(OnnxNode node, Func<string, int>? rank = null)
    {
        var equation = string.Concat((node.Attribute("equation")?.S.ToStringUtf8() ?? "").Where(sign => !char.IsWhiteSpace(sign)));
        var sides = equation.Split("->");
        var operands = sides[0].Split(',');
        if (equation.Length == 0 || sides.Length > 2 || operands.Length != node.Inputs.Length) return null;
        if (equation.Contains(Ellipsis, StringComparison.Ordinal))
        {
            if (rank is null) return null;
            var lengths = operands.Select((operand, i) => operand.Contains(Ellipsis, StringComparison.Ordinal)
                ? rank(node.Inputs[i]) - (operand.Length - Ellipsis.Length) : 0).ToList();
            // Aligned at their ends, like axes that are broadcast.
            var free = string.Concat(Letters.Where(letter => !equation.Contains(letter)).Take(lengths.Max()));
            if (free.Length < lengths.Max() || lengths.Min() < 0) return null;
            operands = [.. operands.Select((operand, i) => operand.Replace(Ellipsis, free[(free.Length - lengths[i])..], StringComparison.Ordinal))];
            return Checked(operands, sides.Length == 2 ? sides[1].Replace(Ellipsis, free, StringComparison.Ordinal) : free + Single(sides[0].Split(',')));
        }
        return Checked(operands, sides.Length == 2 ? sides[1] : Single(operands));
    }

    /// <summary>A letter that the equation does not have.</summary>
    public char Unused => Letters.First(letter => !Output.Contains(letter) && Operands.All(operand => !operand.Contains(letter)));

    /// <summary>What the output of an equation without an arrow has: the letters that occur once, in alphabetical order.</summary>
    private static string Single(string[] operands) => string.Concat(string.Concat(operands).Where(char.IsLetter).GroupBy(letter => letter)
        .Where(group => group.Count() == 1).Select(group => group.Key).Order());

    private static EinsumEquation? Checked(string[] operands, string output) =>
        operands.Append(output).Any(word => word.Distinct().Count() < word.Length || !word.All(char.IsLetter)) ? null : new(operands, output);
}
