using System.Reflection;

namespace AttentionApi.Http;

/// <summary>The version of this program, as Directory.Build.props sets it for every assembly.</summary>
internal static class ServiceVersion
{
    /// <summary>Without the commit, which builds append after a plus sign.</summary>
    public static string Text { get; } =
        typeof(ServiceVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
