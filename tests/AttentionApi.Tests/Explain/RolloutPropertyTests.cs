using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using static AttentionApi.Tests.Explain.RandomAttention;

namespace AttentionApi.Tests.Explain;

public class RolloutPropertyTests
{
    private static readonly Rollout Method = new();

    public static IEnumerable<ITheoryDataRow> Settings => new TheoryData<int, HeadFusion, double, double>
    {
        { 1, HeadFusion.Mean, 1, 0 }, { 2, HeadFusion.Max, 0.5, 0 }, { 3, HeadFusion.Min, 2, 0.4 }, { 4, HeadFusion.Mean, 0, 0.9 },
            { 5, HeadFusion.Max, 0, 0.99 },
    };

    [Theory, MemberData(nameof(Settings))]
    internal void Rows_of_a_rollout_matrix_sum_to_one(int seed, HeadFusion fusion, double residual, double discard)
    {
        var input = Input(seed);
        var matrix = input.Matrix(KnownActivations.Range(1, 4).With(SharedParameters.Fusion, fusion).With(Rollout.Residual, residual)
            .With(Rollout.DiscardRatio, discard));
        var tokens = input.Tokens.Count;
        for (var row = 0; row < tokens; row++) Assert.Equal(1, matrix.AsSpan(row * tokens, tokens).ToArray().Sum(), 1e-5);
    }

    [Theory, MemberData(nameof(Settings))]
    internal void A_map_is_the_query_row_of_the_matrix(int seed, HeadFusion fusion, double residual, double discard)
    {
        var input = Input(seed);
        var parameters = KnownActivations.Range(2, 4).With(SharedParameters.Fusion, fusion).With(Rollout.Residual, residual).With(Rollout.DiscardRatio, discard)
            .With(SharedParameters.Query, new QueryToken(QueryKind.Patch, 1, 2));
        var token = 2 + 1 * 4 + 2;
        var expected = input.Matrix(parameters)[(token * 15 + 2)..(token * 15 + 14)];
        AssertClose(expected, Assert.Single(input.Explain(Method, parameters)).Values);
    }

    [Fact]
    public void A_range_is_the_product_of_its_parts_with_later_layers_on_the_left()
    {
        var input = Input(7);
        var whole = input.Matrix(KnownActivations.Range(1, 4));
        AssertClose(Multiply(input.Matrix(KnownActivations.Range(3, 4)), input.Matrix(KnownActivations.Range(1, 2)), 15), whole);
    }

    [Fact]
    public void One_layer_without_residual_is_its_attention()
    {
        var input = Input(8);
        AssertClose(input.Activations.MeanAttention![(2 * 225)..(3 * 225)], input.Matrix(KnownActivations.Range(3, 3).With(Rollout.Residual, 0)));
    }

    [Fact]
    public void A_huge_residual_leaves_every_token_where_it_is()
    {
        var matrix = Input(9).Matrix(KnownActivations.Range(1, 4).With(Rollout.Residual, 1e6));
        for (var token = 0; token < 15; token++) Assert.Equal(1, matrix[token * 15 + token], 1e-4);
    }

    [Fact]
    public void Query_mean_is_the_mean_over_all_rows()
    {
        var input = Input(10);
        var matrix = input.Matrix(KnownActivations.Range(1, 4));
        var expected = Enumerable.Range(2, 12).Select(key => Enumerable.Range(0, 15).Average(row => matrix[row * 15 + key])).ToArray();
        AssertClose(expected, input.Explain(Method, KnownActivations.Range(1, 4).With(SharedParameters.Query, new QueryToken(QueryKind.Mean)))[0].Values);
    }

    [Fact]
    public void Permuting_the_patches_permutes_the_map()
    {
        var input = Input(11);
        var order = Enumerable.Range(0, 15).ToArray();
        new Random(1).Shuffle(order.AsSpan(2, 12));
        var permuted = Permute(input, order);
        var map = input.Explain(Method, KnownActivations.Range(1, 4))[0].Values;
        var mapOfPermuted = permuted.Explain(Method, KnownActivations.Range(1, 4))[0].Values;
        AssertClose([.. Enumerable.Range(0, 12).Select(patch => map[order[patch + 2] - 2])], mapOfPermuted);
    }

    [Fact]
    public void Each_head_has_the_map_that_asking_for_it_alone_gives()
    {
        var input = Input(12);
        var each = input.Explain(Method, KnownActivations.Range(1, 3).With(SharedParameters.Heads, HeadChoice.Each));
        Assert.Equal([1, 2, 3], each.Select(map => map.Head!.Value));
        foreach (var map in each) AssertClose(input.Explain(Method, KnownActivations.Range(1, 3).With(SharedParameters.Head, map.Head))[0].Values, map.Values);
    }

    [Fact]
    public void Frames_are_the_cumulative_or_the_single_layers()
    {
        var input = Input(13);
        var cumulative = input.Frames(Method, KnownActivations.Range(2, 4), FrameMode.Cumulative);
        var layers = input.Frames(Method, KnownActivations.Range(2, 4), FrameMode.Layers);
        Assert.Equal([2, 3, 4], cumulative.Select(frame => frame[0].Layer));
        for (var k = 2; k <= 4; k++)
        {
            AssertClose(input.Explain(Method, KnownActivations.Range(2, k))[0].Values, cumulative[k - 2][0].Values);
            AssertClose(input.Explain(Method, KnownActivations.Range(k, k))[0].Values, layers[k - 2][0].Values);
        }
    }

    [Fact]
    public void Raw_attention_is_the_fused_row_without_residual()
    {
        var input = Input(14);
        var maps = input.Explain(new RawAttention(), KnownActivations.Range(2, 3).With(SharedParameters.Fusion, HeadFusion.Max));
        Assert.Equal([2, 3], maps.Select(map => map.Layer));
        var expected = Enumerable.Range(2, 12).Select(key =>
            Enumerable.Range(0, 3).Max(head => input.Activations.HeadAttention![((1 * 3 + head) * 15 + 0) * 15 + key])).ToArray();
        AssertClose(expected, maps[0].Values);
    }

    private static KnownActivations Permute(KnownActivations input, int[] order)
    {
        var source = input.Activations.MeanAttention!;
        var mean = new float[source.Length];
        for (var layer = 0; layer < 4; layer++)
        {
            for (var row = 0; row < 15; row++)
            {
                for (var key = 0; key < 15; key++) mean[(layer * 15 + row) * 15 + key] = source[(layer * 15 + order[row]) * 15 + order[key]];
            }
        }
        return input with { Activations = input.Activations with { MeanAttention = mean } };
    }

    private static float[] Multiply(float[] left, float[] right, int size)
    {
        var product = new float[size * size];
        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
                product[row * size + column] = (float)Enumerable.Range(0, size).Sum(k => (double)left[row * size + k] * right[k * size + column]);
        }
        return product;
    }

    internal static void AssertClose(float[] expected, float[] actual, double tolerance = 1e-6)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Max();
        Assert.True(worst <= tolerance, $"Largest difference {worst:g3} is over {tolerance:g3}.");
    }
}
