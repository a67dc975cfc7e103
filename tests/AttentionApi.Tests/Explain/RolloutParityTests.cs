using AttentionApi.Core.Analysis;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Explain.Methods;
using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Runtime;

namespace AttentionApi.Tests.Explain;

/// <summary>Rollouts from PyTorch's attention against the rollouts that were computed beside it in float64.</summary>
public class RolloutParityTests(ITestOutputHelper output)
{
    private static readonly string[] Families = ["clip", "vit", "deit_distilled", "dinov2", "dinov2_registers", "dinov3", "siglip",
        "beit", "timm_vit", "open_clip"];

    private static readonly Dictionary<string, Func<ParameterValues, ParameterValues>> Rollouts = new()
    {
        ["rollout_mean_alpha1"] = all => all,
        ["rollout_max_alpha1"] = all => all.With(SharedParameters.Fusion, HeadFusion.Max),
        ["rollout_min_alpha1"] = all => all.With(SharedParameters.Fusion, HeadFusion.Min),
        ["rollout_mean_alpha0.5"] = all => all.With(Rollout.Residual, 0.5),
        // The references count layers from 0.
        ["rollout_mean_alpha1_layers1to2"] = all => all.With(SharedParameters.FromLayer, 2).With(SharedParameters.ToLayer, 3),
        ["rollout_mean_alpha1_discard0.9"] = all => all.With(Rollout.DiscardRatio, 0.9),
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var family in Families)
            {
                foreach (var rollout in Rollouts.Keys) cases.Add(family, rollout);
            }
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_rollout_equals_its_reference(string family, string rollout)
    {
        var reference = ReferenceArrays.Expected(family);
        if (!reference.Has(rollout))
        {
            Assert.True(rollout.EndsWith("layers1to2", StringComparison.Ordinal)
                && reference.Meta.GetProperty("layers").GetInt32() < 3, $"{family} has no {rollout}.");
            return;
        }
        var input = Input(reference);
        var whole = KnownActivations.Range(1, input.Activations.Layers)
            .With(SharedParameters.Query, new QueryToken(input.Tokens.HasCls ? QueryKind.Cls : QueryKind.Mean));

        var map = Assert.Single(input.Explain(new Rollout(), Rollouts[rollout](whole)));

        var error = ReferenceArrays.LargestDifference(reference.Floats(rollout), map.Values);
        output.WriteLine($"{family} {rollout}: {error:g2}");
        Assert.True(error <= 1e-5, $"{error:g3} > 1e-5");
    }

    [Theory, InlineData("chelsea"), InlineData("astronaut")]
    public void The_rollout_of_a_real_photo_equals_its_reference_within_a_millionth(string photo)
    {
        var reference = ReferenceArrays.RealVit(photo);
        var layout = new TokenLayout(1, new PatchGrid(14, 14), 0, HasCls: true);
        var activations = new Activations { Layers = 12, Heads = 3, Tokens = 197, MeanAttention = reference.Floats("attentions_mean"), Output = [] };
        var input = new KnownActivations(activations, layout);

        var whole = input.Explain(new Rollout(), KnownActivations.Range(1, 12))[0];
        var middle = input.Explain(new Rollout(), KnownActivations.Range(5, 8).With(Rollout.Residual, 0.5))[0];

        Assert.True(ReferenceArrays.LargestDifference(reference.Floats("rollout"), whole.Values) <= 1e-6);
        Assert.True(ReferenceArrays.LargestDifference(reference.Floats("rollout_layers_5_8_alpha_0.5"), middle.Values) <= 1e-6);
    }

    private static KnownActivations Input(ReferenceArrays reference)
    {
        var meta = reference.Meta;
        var grid = meta.GetProperty("grid");
        var layout = new TokenLayout(
            meta.GetProperty("prefix_tokens").GetInt32(), new PatchGrid(grid[0].GetInt32(), grid[1].GetInt32()),
            meta.GetProperty("suffix_tokens").GetInt32(), meta.GetProperty("has_cls").GetBoolean());
        var activations = new Activations
        {
            Layers = meta.GetProperty("layers").GetInt32(), Heads = meta.GetProperty("heads").GetInt32(), Tokens = layout.Count,
            HeadAttention = reference.Floats("attentions"), Output = [],
        };
        return new KnownActivations(activations, layout);
    }
}
