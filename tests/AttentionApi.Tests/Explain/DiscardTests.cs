using AttentionApi.Core.Analysis;

namespace AttentionApi.Tests.Explain;

public class DiscardTests
{
    [Theory]
    [InlineData(0.0, true), InlineData(0.3, true), InlineData(0.3, false), InlineData(0.9, true), InlineData(0.9, false), InlineData(0.999, true)]
    public void The_smallest_entries_go_ties_in_index_order_and_column_zero_stays_for_cls(double ratio, bool hasCls)
    {
        const int tokens = 17;
        var random = new Random(3);
        // Few distinct values, so that ties are the rule.
        var matrix = Enumerable.Range(0, tokens * tokens).Select(_ => random.Next(6) / 8f).ToArray();

        var expected = (float[])matrix.Clone();
        foreach (var index in Enumerable.Range(0, matrix.Length).OrderBy(i => matrix[i]).Take((int)Math.Floor(ratio * matrix.Length)))
        {
            if (!(hasCls && index % tokens == 0)) expected[index] = 0;
        }

        Assert.Equal(expected, Discard.Apply(matrix, tokens, ratio, hasCls));
    }

    [Fact]
    public void The_given_matrix_is_left_alone()
    {
        float[] matrix = [0.5f, 0.25f, 0.125f, 0.125f];
        Discard.Apply(matrix, 2, 0.5, hasCls: false);
        Assert.Equal([0.5f, 0.25f, 0.125f, 0.125f], matrix);
    }
}
