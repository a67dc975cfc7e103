using System.Numerics.Tensors;
using AttentionApi.Core.Analysis.Kernels;

namespace AttentionApi.Tests.Explain;

/// <summary>Principal components on made-up rows; those of pictures are compared with references where hidden states are read.</summary>
public class PrincipalComponentsTests
{
    [Fact]
    public void Components_are_orthonormal_and_sorted_and_their_scores_rebuild_rows_of_that_rank()
    {
        const int height = 40, width = 25, rank = 3;
        var random = new Random(5);
        float[] Vector(int length) => [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
        float[][] left = [.. Enumerable.Range(0, rank).Select(_ => Vector(height))], right = [.. Enumerable.Range(0, rank).Select(_ => Vector(width))];
        var mean = Vector(width);
        float[] rows = [.. Enumerable.Range(0, height * width).Select(i =>
            mean[i % width] + Enumerable.Range(0, rank).Sum(k => (k + 1) * left[k][i / width] * right[k][i % width]))];

        var found = PrincipalComponents.Of(rows, width, 5);

        Assert.Equal(rank, found.Count);
        for (var i = 0; i < rank; i++)
        {
            for (var j = 0; j < rank; j++)
                Assert.Equal(i == j ? 1 : 0, TensorPrimitives.Dot<float>(found.Components.AsSpan(i * width, width), found.Components.AsSpan(j * width, width)),
                    1e-5);
            Assert.True(found.Components.AsSpan(i * width, width).ToArray().MaxBy(MathF.Abs) > 0);
        }
        Assert.Equal(found.Explained.OrderDescending(), found.Explained);
        Assert.Equal(1, found.Explained.Sum(), 1e-5);
        for (var i = 0; i < rows.Length; i++)
        {
            var centre = (float)Enumerable.Range(0, height).Average(row => rows[row * width + i % width]);
            Assert.Equal(rows[i], centre + Enumerable.Range(0, rank).Sum(k =>
                found.Scores[i / width * rank + k] * found.Components[k * width + i % width]), 1e-4);
        }
    }

    [Fact]
    public void Rows_that_are_all_alike_have_no_components()
    {
        var found = PrincipalComponents.Of(Enumerable.Repeat(2f, 60).ToArray(), 6, 3);
        Assert.Equal(0, found.Count);
        Assert.Empty(found.ToColors());
    }
}
