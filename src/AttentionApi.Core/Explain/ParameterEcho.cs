using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Core.Parameters;
using static AttentionApi.Core.Explain.SharedParameters;

namespace AttentionApi.Core.Explain;

/// <summary>Every value that took effect, as answers and pictures repeat it; parameters without effect are left out.</summary>
internal static class ParameterEcho
{
    /// <summary>Labels as they are, not as \u escapes.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="explanation">Maps or scores must have been computed: they choose the target.</param>
    public static JsonObject Of(Explanation explanation)
    {
        var (plan, scoring) = (explanation.Plan, explanation.Scoring);
        var echo = new JsonObject();
        if (plan.Labels.Labels.Count > 0 || plan.Method.Info.Labels == LabelUse.Needed) echo[Labels.Name] = Strings(scoring.Labels);
        if (plan.Model.Text && plan.Labels.Labels.Count > 0) echo[Prompt.Name] = Strings(plan.Labels.Prompts);
        foreach (var (parameter, value) in plan.EffectiveParameters())
        {
            if (value is not null) echo[parameter.Name] = Value(value);
        }
        if (plan.Model.IsClassifier && plan.Values.Find(Top) is int top) echo[Top.Name] = top;
        if (plan.Values.Get(Score)) (echo[Score.Name], echo[Steps.Name]) = (true, plan.Values.Get(Steps));
        if (plan.Model.Resolutions is not null && plan.Model.ImageSize is var size && size.Width == size.Height) echo[Resolution.Name] = size.Width;
        echo[Target.Name] = scoring.Target;
        return echo;
    }

    private static JsonNode? Value(object value) => value switch
    {
        bool flag => flag,
        int number => number,
        double number => number,
        _ => Words.Written(value),
    };

    private static JsonArray Strings(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}
