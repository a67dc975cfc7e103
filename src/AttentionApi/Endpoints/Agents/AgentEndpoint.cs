using AttentionApi.Hosting;
using AttentionApi.Http;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;

namespace AttentionApi.Endpoints.Agents;

/// <summary>Tools for agents by the Model Context Protocol, stateless, under the keys and limits of the API.</summary>
internal static class AgentEndpoint
{
    /// <summary>A body is held as JSON, as its text and as the picture in it.</summary>
    private const int CopiesOfBody = 3;

    public static void AddAgents(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<McpOptions>("Mcp");
        if (!builder.Configuration.GetValue<bool>("Mcp:Enabled")) return;
        builder.Services.AddMcpServer(server => server.ServerInfo = new Implementation { Name = "AttentionApi", Version = ServiceVersion.Text })
            .WithHttpTransport(transport => transport.Stateless = true)
            .WithTools<AgentTools>();
    }

    public static void MapAgents(this WebApplication app)
    {
        if (!app.Services.Value<McpOptions>().Enabled) return;
        app.MapMcp(BasePath.Agents).RequireApiKey(app.Services);
    }

    /// <summary>The protocol's library reads a body as a whole: it counts as an upload.</summary>
    public static void UseAgentLimits(this WebApplication app)
    {
        if (!app.Services.Value<McpOptions>().Enabled) return;
        var (uploads, limits) = (app.Services.GetRequiredService<Uploads>(), app.Services.GetRequiredService<IOptions<LimitsOptions>>().Value);
        app.UseWhen(http => http.Request.Path.StartsWithSegments(BasePath.Agents), agents => agents.Use(async (http, next) =>
        {
            var length = http.Request.ContentLength ?? limits.MaxBodyBytes;
            if (length > limits.MaxBodyBytes) throw PictureBody.TooLarge();
            using var upload = uploads.Begin();
            upload.Hold(CopiesOfBody * length);
            await next(http);
        }));
    }
}
