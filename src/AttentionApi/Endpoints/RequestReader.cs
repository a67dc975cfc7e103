using AttentionApi.Core.Parameters;
using AttentionApi.Hosting.Limits;
using AttentionApi.Hosting.Models;
using AttentionApi.Http;
using Serilog;

namespace AttentionApi.Endpoints;

/// <summary>Reads a request, the cheap checks first: what its query says wrong, and a lack of slots, cost no upload.</summary>
internal sealed class RequestReader(ExplainWork work, Readiness readiness, Slots slots, Uploads uploads, IDiagnosticContext log)
{
    /// <summary>Checks all but the body; forms may hold further parameters.</summary>
    /// <returns>What the endpoint takes.</returns>
    public IReadOnlyList<Parameter> CheckQuery(HttpContext http)
    {
        var taken = http.GetEndpoint()!.Metadata.GetRequiredMetadata<TakenParameters>().Parameters;
        var query = http.Request.ReadParameters(taken, work.Table);
        if (query.Has(EndpointParameters.Model) || !http.Request.HasFormContentType) readiness.Resolve(query.Get(EndpointParameters.Model));
        slots.EnsureFree();
        return taken;
    }

    /// <summary>Memory for a body, until disposed.</summary>
    public Upload Begin() => uploads.Begin();

    /// <summary>Reads the pictures, and the parameters of query and form together.</summary>
    /// <param name="http">The request.</param>
    /// <param name="upload">Holds the body.</param>
    /// <param name="taken">What the endpoint takes.</param>
    /// <param name="mostPictures">More are refused.</param>
    public async Task<(PictureBody Body, ParameterValues Given)> ReadAsync(
        HttpContext http, Upload upload, IReadOnlyList<Parameter> taken, int mostPictures)
    {
        var body = await uploads.ReadAsync(http, upload, mostPictures);
        log.Set("Bytes", body.Pictures.Sum(picture => (long)picture.Bytes.Length));
        return (body, http.Request.ReadParameters(taken, work.Table, body.Fields));
    }
}
