using System.ComponentModel;
using System.Text.Json;
using AttentionApi.Contracts;
using AttentionApi.Core.Catalog;
using AttentionApi.Core.Explain;
using AttentionApi.Core.Parameters;
using AttentionApi.Core.Rendering;
using AttentionApi.Core.Rendering.Formats;
using AttentionApi.Core.Rendering.Layout;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AttentionApi.Endpoints.Agents;

/// <summary>What agents can call. Every answer is a sentence that the same call always gives, and the numbers behind it; explanations also a picture.</summary>
[McpServerToolType]
internal sealed class AgentTools(ModelCatalog catalog, ExplainWork work, Readiness readiness, Slots slots, IHttpContextAccessor context)
{
    private const string ImageHelp = "The picture: the bytes of a JPEG, PNG or WebP file in base64; a data URI is taken too.";
    private const string LabelsHelp = "What to look for, such as [\"cat\", \"dog\"]: free text for image-text models, class names for classifiers.";
    private const string MethodHelp = "The method, one that list_models names for the model; left out: with labels the first of these that shows them, else "
        + "rollout, which does not depend on labels.";
    private const string ModelHelp = "An id of list_models; left out: the default model.";

    /// <summary>The picture, its base64, and the answer that it is written into.</summary>
    private const int CopiesOfPicture = 3;

    [McpServerTool(Name = "list_models", Title = "List models", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description("Lists the vision models that can be asked, what labels they take and which methods of explanation they offer.")]
    public CallToolResult ListModels()
    {
        var models = new ModelList([.. catalog.List().Select(model => Model.From(model, work.Table.Registry))]);
        return Answer(AgentSentences.Of(models), models, ApiJson.Responses.ModelList);
    }

    [McpServerTool(Name = "predict", Title = "Predict", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description("Says what a model sees in a picture: how well each label fits, or a classifier's best classes.")]
    public Task<CallToolResult> PredictAsync(
        [Description(ImageHelp)] string image, [Description(LabelsHelp)] string[]? labels = null, [Description(ModelHelp)] string? model = null,
        CancellationToken cancellation = default)
    {
        IReadOnlyList<Parameter> taken = [EndpointParameters.Model, SharedParameters.Labels, SharedParameters.Prompt, SharedParameters.Top];
        return AnswerAsync(image, Outputs.Predictions, taken, Given(model, labels, null), async (explanation, deadline) =>
        {
            await explanation.ScoreAsync(deadline);
            var answer = Responses.Predictions(explanation, null);
            return Answer(AgentSentences.Of(answer.Predictions), answer, ApiJson.Responses.PredictResponse);
        }, cancellation);
    }

    [McpServerTool(Name = "explain", Title = "Explain", ReadOnly = true, Idempotent = true, OpenWorld = false)]
    [Description("Shows where in a picture a model finds a label: a sentence with the strongest place, the numbers, and a picture with the map over it.")]
    public Task<CallToolResult> ExplainAsync(
        [Description(ImageHelp)] string image, [Description(LabelsHelp)] string[]? labels = null,
        [Description("The label to explain; left out: the one that the model predicts.")] string? target = null,
        [Description(MethodHelp)] string? method = null,
        [Description(ModelHelp)] string? model = null,
        [Description("Further parameters of /api/v1/explain/overlay, such as {\"fromLayer\": \"3\", \"view\": \"centered\"}; /openapi.json has them all.")]
        Dictionary<string, string>? parameters = null,
        CancellationToken cancellation = default)
    {
        var given = Given(model, labels, parameters);
        if (target is not null) given.Add(Named(SharedParameters.Target.Name, target));
        if (method is not null) given.Add(Named(work.Table.Method.Name, method));
        foreach (var (name, value) in OfPictures.Where(one => given.All(other => !other.Key.Equals(one.Key, StringComparison.OrdinalIgnoreCase))))
            given.Add(Named(name, value));
        IReadOnlyList<Parameter> taken = [EndpointParameters.Model, .. work.Table.Explaining(Outputs.Overlay), .. OverlayPicture.Parameters];
        return AnswerAsync(image, Outputs.Overlay, taken, given, async (explanation, deadline) =>
        {
            var format = explanation.Plan.Values.Get(PictureParameters.Format) ?? PictureFormat.Png;
            var picture = await OverlayPicture.DrawAsync(explanation, format, deadline);
            var set = await explanation.ShownSetAsync(deadline);
            var found = AgentExplanation.Of(explanation, set, picture.Warnings);
            var answer = Answer(AgentSentences.Of(found), found, ApiJson.Responses.AgentExplanation);
            answer.Content.Add(ImageContentBlock.FromBytes(picture.Bytes, ImageEncoder.MediaType(format)));
            return answer;
        }, cancellation);
    }

    /// <summary>Pictures that a model can read and that do not fill its context.</summary>
    private static readonly Dictionary<string, string> OfPictures = new() { ["size"] = "512", ["legend"] = "true" };

    private async Task<CallToolResult> AnswerAsync(
        string image, Outputs output, IReadOnlyList<Parameter> taken, IEnumerable<KeyValuePair<string, IEnumerable<string?>>> given,
        Func<Explanation, CancellationToken, Task<CallToolResult>> answer, CancellationToken cancellation)
    {
        try
        {
            return await work.InTimeAsync(async deadline =>
            {
                slots.EnsureFree();
                var request = work.Request(ParameterValues.Read(given, taken, work.Table.All), output, taken);
                using var lease = await readiness.LeaseAsync(request.Given.Get(EndpointParameters.Model), deadline);
                if (output != Outputs.Predictions) request = request.ByRecommendation(lease.Model.Facts);
                var plan = new JointPlan((lease.Model, request));
                var picture = work.Picture(Bytes(image), Outputs.Drawn.HasFlag(output));
                var estimate = WorkEstimate.Of(plan, picture) + new WorkEstimate(picture.Bytes.Length, 0);
                return await slots.AnswerAsync(context.HttpContext!, estimate, () => work.ExplainAsync(plan, picture, answer, deadline),
                    result => CopiesOfPicture * PictureBytes(result));
            }, cancellation);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            var problem = work.Problem(failure);
            var result = Answer(problem.Message, Problems.Body(problem), ApiJson.Responses.Problem);
            result.IsError = true;
            return result;
        }
    }

    private static KeyValuePair<string, IEnumerable<string?>> Named(string name, string? value) => KeyValuePair.Create(name, (IEnumerable<string?>)[value]);

    private static List<KeyValuePair<string, IEnumerable<string?>>> Given(string? model, string[]? labels, Dictionary<string, string>? parameters) =>
    [
        .. (parameters ?? []).Select(parameter => Named(parameter.Key, parameter.Value)),
        Named(EndpointParameters.Model.Name, model),
        KeyValuePair.Create(SharedParameters.Labels.VerbatimName!, (IEnumerable<string?>)(labels ?? [])),
    ];

    /// <summary>In base64.</summary>
    private static long PictureBytes(CallToolResult result) => result.Content.OfType<ImageContentBlock>().Sum(image => (long)image.Data.Length);

    private static byte[] Bytes(string image)
    {
        var text = image.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? image[(image.IndexOf(',', StringComparison.Ordinal) + 1)..] : image;
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw ProblemException.BadParameter(PictureBody.Field, "The picture is not base64; send the bytes of a JPEG, PNG or WebP file in base64.");
        }
    }

    private static CallToolResult Answer<T>(string sentence, T numbers, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => new()
    {
        Content = [new TextContentBlock { Text = sentence }], StructuredContent = JsonSerializer.SerializeToElement(numbers, type),
    };
}
