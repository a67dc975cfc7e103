using AttentionApi.Core.Explain;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Scoring;
using AttentionApi.Hosting.Limits;

namespace AttentionApi.Cli.Explaining;

/// <summary>
/// The files wanted of each picture, checked against the model before any picture is read.
/// The parameters are those of the contract; each output gets those that it takes.
/// </summary>
internal sealed class PlannedOutputs
{
    private PlannedOutputs(LoadedModel model, IReadOnlyList<(SavedOutput Output, ExplanationPlan Plan)> files, IReadOnlyList<string> notes) =>
        (Model, Files, Notes) = (model, files, notes);

    /// <summary>The model as the parameters ask for it.</summary>
    public LoadedModel Model { get; }

    public IReadOnlyList<(SavedOutput Output, ExplanationPlan Plan)> Files { get; }

    /// <summary>What a careful reader must know of model and parameters.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>What the pictures are compared with; every file has the same labels, but tensors take no target and are made first.</summary>
    public LabelChoice Labels => Files[^1].Plan.Labels;

    /// <summary>What of that which is wanted can set no picture against another; null where all can.</summary>
    public string? WithoutReference =>
        Files.Select(file => file.Output.Output == Outputs.Tensors ? "--save tensors" : file.Plan.Method.Info.TakesReference ? null
            : file.Plan.Method.Info.Name)
        .FirstOrDefault(name => name is not null);

    /// <summary>Model, method and labels in words.</summary>
    public string Words
    {
        get
        {
            var plan = Files[^1].Plan;
            var labels = Labels.Labels.Count > 0 ? $", labels {string.Join(", ", Labels.Labels)}" : "";
            return $"Model {plan.Model.Id}, {plan.Method.Info.Title.ToLowerInvariant()}{labels}.";
        }
    }

    /// <summary>Predictions listed for a classifier.</summary>
    public int Top => Files.Select(file => file.Plan.Values.Find(SharedParameters.Top)).OfType<int>().FirstOrDefault(SharedParameters.Top.Default);

    /// <exception cref="ParameterException">The model cannot serve a parameter, or its value is not in its range.</exception>
    public static PlannedOutputs Make(
        IReadOnlyList<SavedOutput> wanted, IReadOnlyList<(string Name, IReadOnlyList<string> Texts)> given, ParameterTable table, LoadedModel model,
        LimitsOptions limits)
    {
        var files = new List<(SavedOutput, ExplanationPlan)>();
        var asked = model;
        foreach (var output in wanted)
        {
            var takes = OutputParameters.Of(table, output.Output);
            var own = given.Where(one => Takes(takes, one.Name));
            var values = ParameterValues.Read(own.Select(one => KeyValuePair.Create<string, IEnumerable<string?>>(one.Name, one.Texts)), takes, table.All);
            var request = new ExplainRequest(table, values, output.Output, takes, limits.Labels) { MaxRuns = limits.RunsPerRequest }
                .ByRecommendation(model.Facts, animated: wanted.Any(one => one.Output == Outputs.Animation));
            // Every output takes what changes the model.
            asked = request.ModelOf(model);
            files.Add((output, new ExplanationPlan(request, asked.Facts)));
        }
        var vain = given.Select(one => (one.Name, Takers: Takers(table, one.Name))).Where(one => !wanted.Intersect(one.Takers).Any())
            .Select(one => $"'{one.Name}' has no effect: only --save {string.Join(" or ", one.Takers.Select(taker => taker.Name))} takes it.");
        return new(asked, files, [.. vain.Concat(files.SelectMany(file => file.Item2.Warnings)).Distinct()]);
    }

    private static SavedOutput[] Takers(ParameterTable table, string name) =>
        [.. SavedOutput.All.Where(output => Takes(OutputParameters.Of(table, output.Output), name))];

    private static bool Takes(IEnumerable<Parameter> parameters, string name) =>
        parameters.Any(parameter => parameter.Name == name || parameter.VerbatimName == name);
}
