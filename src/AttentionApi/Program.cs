using AttentionApi.Cli;
using AttentionApi.Endpoints;
using AttentionApi.Hosting;
using AttentionApi.Http;
using AttentionApi.Http.OpenApi;

// A verb goes to the command line; without one the program serves, and options go on to configuration.
if (args is [[not '-', ..], ..]) return await Commands.RunAsync(args);

// The program's folder holds page, settings and embedded model, wherever the caller stands.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddRequestLog();
builder.AddServer();
builder.AddModels();
builder.AddExplanations();
builder.AddOpenApiDocument();
builder.AddTelemetry();

var app = builder.Build();
app.UseServerTiming();
app.UseRequestLog();
app.UseSecurityHeaders();
app.UseMiddleware<Problems>();
app.UseRequestLineLimit();
app.UsePage();
app.UseOpenApiDocument();
app.UseRouting();

app.MapHealth();
app.MapMetrics();
app.MapApi();

return await app.RunServerAsync();

/// <summary>The entry point, visible to WebApplicationFactory.</summary>
public partial class Program;
