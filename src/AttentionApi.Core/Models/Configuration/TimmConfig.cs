using AttentionApi.Core.Models.Folders;
using AttentionApi.Core.Models.Json;

namespace AttentionApi.Core.Models.Configuration;

/// <summary>config.json of timm, as timm writes it for the hub and transformers' TimmWrapper repeats it.</summary>
internal static class TimmConfig
{
    public static ModelConfig Read(JsonPart root)
    {
        var pretrained = root.Find("pretrained_cfg") ?? root;
        return new()
        {
            Family = root.Find("architecture")?.AsText,
            ImageSize = pretrained.Find("input_size")?.AsItems.ToList() is [_, var height, var width] ? ModelConfig.Size(height, width) : null,
            Labels = Labels(root.Find("label_names") ?? pretrained.Find("label_names")) ?? ClassNameFiles.InConfiguration(root),
            NoClasses = (root.Find("num_classes") ?? pretrained.Find("num_classes"))?.AsNumber == 0,
            ProblemType = root.Find("problem_type")?.AsText,
            GlobalPool = (root.Find("global_pool") ?? root.Find("model_args")?.Find("global_pool"))?.AsText,
        };
    }

    private static string[]? Labels(JsonPart? names) =>
        names?.AsItems.Select(name => name.AsText ?? name.ToString()).ToArray() is { Length: > 0 } list ? list : null;
}
