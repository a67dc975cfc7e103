using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace AttentionApi.Cli.Hub;

/// <summary>
/// The hub's API: what a revision is, which files it has, and their bytes. Follows redirects itself: files lie on other hosts, and these
/// must not get the user's token.
/// </summary>
internal sealed partial class HubClient : IDisposable
{
    private const int MostRedirects = 5;
    private const int MostPages = 100;

    /// <summary>A list of files has some kilobytes; a larger answer must not fill the memory.</summary>
    private const int LongestAnswer = 64 << 20;

    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(30);

    private readonly HubSettings settings;
    private readonly HttpClient http;

    public HubClient(HubSettings settings)
    {
        this.settings = settings;
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectTime, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LongestAnswer,
        };
        http.DefaultRequestHeaders.UserAgent.ParseAdd($"attention-api/{Http.ServiceVersion.Text}");
    }

    /// <summary>The commit that a revision is now.</summary>
    /// <exception cref="HubException">There is none, it is not for this user, or the hub cannot be reached.</exception>
    public async Task<string> CommitAsync(HubModel model, CancellationToken cancellation)
    {
        var (info, _) = await JsonAsync(model, new(Api(model, "revision", model.Revision)), HubJson.Default.RevisionInfo, cancellation);
        return info.Sha is { Length: 40 } sha && sha.All(char.IsAsciiHexDigitLower) ? sha : throw Unexpected("a revision without its commit");
    }

    /// <summary>All files of a commit, with size and hash.</summary>
    /// <exception cref="HubException">The hub cannot be reached, or answers something else.</exception>
    public async Task<IReadOnlyList<HubFile>> FilesAsync(HubModel model, string commit, CancellationToken cancellation)
    {
        var files = new List<HubFile>();
        Uri? page = new($"{Api(model, "tree", commit)}?recursive=true");
        for (var number = 0; page is not null; number++)
        {
            if (number == MostPages) throw Unexpected($"more than {MostPages} pages of files");
            var (entries, next) = await JsonAsync(model, page, HubJson.Default.IReadOnlyListTreeEntry, cancellation);
            foreach (var entry in entries.Where(entry => entry is { Type: "file", Path: not null, Oid: not null }))
            {
                files.Add(entry.Lfs is { Oid: { } sha256 } lfs
                    ? new(entry.Path!, lfs.Size, new(sha256.ToLowerInvariant(), IsGitBlob: false))
                    : new(entry.Path!, entry.Size, new(entry.Oid!.ToLowerInvariant(), IsGitBlob: true)));
            }
            page = next;
        }
        return files;
    }

    /// <summary>A file's bytes from an offset on; whether the answer begins there is its status 206.</summary>
    /// <exception cref="HubException">The hub refuses, or its headers contradict its list.</exception>
    /// <exception cref="HttpRequestException">The connection failed.</exception>
    public async Task<HttpResponseMessage> OpenAsync(HubModel model, string commit, HubFile file, long offset, CancellationToken cancellation)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var address = new Uri($"{Hub}/{model.Repository}/resolve/{commit}/{path}");
        var response = await SendAsync(address, offset, answer => Check(file, answer), cancellation);
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable) return response;
        using (response) throw Refused(model, response);
    }

    /// <summary>What the hub says of a file when it is asked for must be what its list says.</summary>
    private static void Check(HubFile file, HttpResponseMessage answer)
    {
        var etag = Header(answer, "X-Linked-Etag")?.Trim('"');
        var isOther = etag is { Length: 64 } && !file.Hash.IsGitBlob && !etag.Equals(file.Hash.Hex, StringComparison.OrdinalIgnoreCase);
        if (isOther) throw Contradiction("another SHA-256");
        if (long.TryParse(Header(answer, "X-Linked-Size"), out var size) && size != file.Size) throw Contradiction($"{size} bytes instead of {file.Size}");

        HubException Contradiction(string what) => new($"The hub lists {file.Path} and then announces {what}; it may just have changed: try again.");
    }

    private async Task<(T Value, Uri? Next)> JsonAsync<T>(HubModel model, Uri address, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var response = await SendAsync(address, 0, _ => { }, cancellation);
        if (response.StatusCode != HttpStatusCode.OK) throw Refused(model, response);
        try
        {
            await response.Content.LoadIntoBufferAsync(cancellation);
            var value = JsonSerializer.Deserialize(await response.Content.ReadAsStreamAsync(cancellation), type) ?? throw Unexpected("nothing");
            return (value, Next(response, address));
        }
        catch (JsonException)
        {
            throw Unexpected("something that is not JSON");
        }
    }

    /// <summary>The next page, only where it is the hub's own.</summary>
    private Uri? Next(HttpResponseMessage response, Uri address)
    {
        if (NextLink().Match(Header(response, "Link") ?? "") is not { Success: true } link) return null;
        var next = new Uri(address, link.Groups["address"].Value);
        return IsHub(next) ? next : throw Unexpected("a list that goes on at another host");
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, long offset, Action<HttpResponseMessage> check, CancellationToken cancellation)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            if (offset > 0) request.Headers.Range = new RangeHeaderValue(offset, null);
            // Only the hub gets the token, never the host that it sends on to.
            if (settings.Token is { } token && IsHub(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            try
            {
                check(response);
                if ((int)response.StatusCode is < 300 or >= 400 || response.Headers.Location is not { } location) return response;
                if (redirects == MostRedirects) throw Unexpected($"more than {MostRedirects} redirects");
                var next = new Uri(address, location);
                if (next.Scheme != "https" && (next.Scheme != "http" || address.Scheme == "https")) throw Unexpected($"a redirect to {next.Scheme}:");
                address = next;
            }
            catch
            {
                response.Dispose();
                throw;
            }
            response.Dispose();
        }
    }

    private bool IsHub(Uri address) =>
        Uri.Compare(address, settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>The hub's address without a slash at its end.</summary>
    private string Hub => settings.Endpoint.AbsoluteUri.TrimEnd('/');

    private string Api(HubModel model, string what, string revision) => $"{Hub}/api/models/{model.Repository}/{what}/{Uri.EscapeDataString(revision)}";

    private HubException Refused(HubModel model, HttpResponseMessage response)
    {
        var gated = Header(response, "X-Error-Code") == "GatedRepo";
        var token = settings.Token is null ? "no token was sent: set HF_TOKEN to one of yours" : "the token sent may not read it";
        return new(response.StatusCode switch
        {
            HttpStatusCode.Forbidden => $"{model.Repository} is for those who accepted its terms at {Hub}/{model.Repository}; {token}.",
            HttpStatusCode.Unauthorized when gated => $"{model.Repository} is for those who accepted its terms at {Hub}/{model.Repository}; {token}.",
            HttpStatusCode.Unauthorized => $"There is no model {model.Repository} on {settings.Endpoint.Authority}, or it is private; {token}.",
            HttpStatusCode.NotFound when model.Revision != "main" =>
                $"There is no revision '{model.Revision}' of {model.Repository} on {settings.Endpoint.Authority}.",
            HttpStatusCode.NotFound => $"There is no model {model.Repository} on {settings.Endpoint.Authority}.",
            HttpStatusCode.TooManyRequests => $"{settings.Endpoint.Authority} accepts no more requests for now; wait a few minutes, or set HF_TOKEN.",
            _ => $"{settings.Endpoint.Authority} answers {(int)response.StatusCode} {response.ReasonPhrase}; try again later.",
        });
    }

    private HubException Unexpected(string what) => new($"{settings.Endpoint.Authority} sent {what}, which is not a valid hub answer; check HF_ENDPOINT.");

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    /// <summary>RFC 8288: &lt;address&gt;; rel="next".</summary>
    [GeneratedRegex("<(?<address>[^>]*)>[^,]*rel=\"?next\"?")]
    private static partial Regex NextLink();

    public void Dispose() => http.Dispose();
}
