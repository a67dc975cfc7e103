namespace AttentionApi.Cli.Hub;

/// <summary>Which hub, and by whose right: from the environment variables that huggingface_hub reads
/// (huggingface_hub, "Environment variables"). The proxy is that of HTTPS_PROXY and its like, which .NET reads itself.</summary>
/// <param name="Endpoint">The hub's address, without a slash at its end.</param>
/// <param name="Token">Of the user; null where there is none.</param>
internal sealed record HubSettings(Uri Endpoint, string? Token)
{
    private const string PublicHub = "https://huggingface.co";

    /// <param name="variables">Gives the values of environment variables.</param>
    /// <exception cref="HubException">HF_ENDPOINT is not an address.</exception>
    public static HubSettings Read(Func<string, string?> variables)
    {
        var address = Variable("HF_ENDPOINT") ?? PublicHub;
        if (!Uri.TryCreate(address.TrimEnd('/'), UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw new HubException($"HF_ENDPOINT is '{address}'; it must be an address such as {PublicHub}.");
        }
        // The second name is the older one.
        var token = Variable("HF_TOKEN") ?? Variable("HUGGING_FACE_HUB_TOKEN");
        return new(endpoint, token ?? Stored(Variable("HF_TOKEN_PATH") ?? Path.Combine(Home(), "token")));

        string Home() => Variable("HF_HOME") ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(UserProfile, ".cache"), "huggingface");

        string? Variable(string name) => variables(name)?.Trim() is { Length: > 0 } value ? value : null;
    }

    private static string UserProfile => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string? Stored(string file)
    {
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A model cannot be fetched; the message says why and what to do.</summary>
internal sealed class HubException(string message, Exception? cause = null) : Exception(message, cause);
