using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using AttentionApi.Core.Imaging;
using AttentionApi.Core.Loading;
using AttentionApi.Core.Runtime.Sessions;

namespace AttentionApi.Core.Bundle;

/// <summary>What a bundle was made with: another machine may round differently.</summary>
internal static class BundleVersions
{
    public const string Name = "versions.json";

    public static byte[] Of(ModelFacts model) =>
        JsonSerializer.SerializeToUtf8Bytes(All(model), BundleDescription.Indented);

    public static JsonObject All(ModelFacts model) => new()
    {
        ["attentionApi"] = typeof(BundleVersions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
        ["onnxRuntime"] = SessionFactory.RuntimeVersion,
        ["executionProvider"] = model.Provider.Actual,
        ["libvips"] = Libvips.Version,
        ["dotnet"] = Environment.Version.ToString(),
        ["platform"] = RuntimeInformation.RuntimeIdentifier,
    };
}
