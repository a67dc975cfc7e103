using System.Text.RegularExpressions;
using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Configuration;

/// <summary>config.json of timm, as timm writes it for the hub and transformers' TimmWrapper repeats it.</summary>
internal static partial class TimmConfig
{
    public static ModelConfig Read(JsonPart root)
    {
        var pretrained = root.Find("pretrained_cfg") ?? root;
        return new()
        {
            Family = root.Find("architecture")?.AsText,
            ImageSize = pretrained.Find("input_size")?.AsItems.ToList() is [_, var height, var width] ? ModelConfig.Size(height, width) : null,
            Labels = Labels(root, pretrained) ?? ClassNameFiles.InConfiguration(root),
            NoClasses = (root.Find("num_classes") ?? pretrained.Find("num_classes"))?.AsNumber == 0,
            ProblemType = root.Find("problem_type")?.AsText,
            GlobalPool = (root.Find("global_pool") ?? root.Find("model_args")?.Find("global_pool"))?.AsText,
        };
    }

    /// <summary>label_names, in files older than timm 0.9 labels: a list, or an object by index. Ids of WordNet and OpenImages become their description, where
    /// the file has one.</summary>
    private static string[]? Labels(JsonPart root, JsonPart pretrained)
    {
        JsonPart? Find(string name) => root.Find(name) ?? pretrained.Find(name);
        if (ClassNameFiles.Listed(Find("label_names") ?? Find("labels")) is not { } names) return null;
        var descriptions = Find("label_descriptions");
        return Array.ConvertAll(names, name => Id().IsMatch(name) && descriptions?.Find(name)?.AsText is { Length: > 0 } description ? description : name);
    }

    [GeneratedRegex(@"^(?:n\d{8}|/[mgt]/\w+)\z")]
    private static partial Regex Id();
}
