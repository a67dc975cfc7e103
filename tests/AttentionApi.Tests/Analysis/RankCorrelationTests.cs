using AttentionApi.Core.Analysis.Kernels;

namespace AttentionApi.Tests.Analysis;

/// <summary>Spearman's rank correlation.</summary>
public class RankCorrelationTests
{
    [Fact]
    public void It_equals_a_textbook_example() =>
        // Ten people's IQ and hours of television a week: rho = -29/165.
        Assert.Equal(-29.0 / 165, RankCorrelation.Between([106, 100, 86, 101, 99, 103, 97, 113, 112, 110],
            [7, 27, 2, 50, 28, 29, 20, 12, 6, 17])!.Value, 1e-12);

    [Fact]
    public void Order_alone_counts()
    {
        Assert.Equal(1, RankCorrelation.Between([1, 2, 3, 4], [-9, 0, 0.5f, 1e6f]));
        Assert.Equal(-1, RankCorrelation.Between([1, 2, 3, 4], [4, 3, 2, 1]));
    }

    [Fact]
    public void Equal_values_share_their_mean_rank() => Assert.Equal([1.5, 0, 1.5, 3], RankCorrelation.Ranks([5, 1, 5, 9]));

    [Fact]
    public void A_flat_map_has_no_order() => Assert.Null(RankCorrelation.Between([1, 2, 3], [7, 7, 7]));
}
