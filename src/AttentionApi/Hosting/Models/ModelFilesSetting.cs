using AttentionApi.Core.Models.Folders;
using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting.Models;

/// <summary>
/// The setting <c>Models:Files</c>: by model id, the .onnx file to take where a folder leaves a choice, or vision and text tower. An object in
/// appsettings.json, a key each (<c>Models:Files:my-clip</c>), or one text for environment variables, whose names cannot hold the '-' and '.' of an id in a
/// shell: <c>my-clip=vision.onnx,text.onnx; other=model.onnx</c>.
/// </summary>
internal static class ModelFilesSetting
{
    public const string Key = "Models:Files";

    /// <summary>Files by id; a key of its own wins over the text.</summary>
    /// <exception cref="OptionsValidationException">The text is not written so.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Key);
        var files = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in Split(section.Value, ';')) files[IdOf(entry)] = Split(entry[(entry.IndexOf('=', StringComparison.Ordinal) + 1)..], ',');
        foreach (var model in section.GetChildren()) files[model.Key] = Split(model.Value, ',');
        return files;
    }

    /// <summary>The files of one model, as its own key would have them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Only(string id, string files) =>
        new Dictionary<string, IReadOnlyList<string>> { [id] = Split(files, ',') };

    private static string IdOf(string entry) =>
        entry.Split('=') is [var id, var files] && ModelFolder.IsId(id.Trim()) && files.Length > 0 ? id.Trim()
            : throw new OptionsValidationException(Key, typeof(ModelsOptions),
            [$"{Key} has the entry '{entry}'; write 'id=file.onnx' or 'id=vision.onnx,text.onnx', and separate entries by ';'."]);

    private static string[] Split(string? text, char separator) =>
        text?.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
