using System.Text;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace AttentionApi.Http.OpenApi;

/// <summary>The OpenAPI document, and Swagger UI on it at /swagger.</summary>
internal static class OpenApiDocument
{
    private const string Version = "v1";
    private const string Address = $"/swagger/{Version}/swagger.json";

    private static readonly string Descriptions = Path.Combine(AppContext.BaseDirectory, $"{typeof(OpenApiDocument).Assembly.GetName().Name}.xml");

    private const string Description = """
        Why does a Vision Transformer see what it sees? Send a picture, labels and a range of layers; get attention rollout, raw attention or label
        alignment back as numbers, pictures, animations or tensors.

        The picture is the file field `image` of multipart/form-data, or the body itself with its `image/*` content type. Everything else is in
        the query, or in further fields of the form. Each answer carries `Server-Timing` with the time of each stage, and `X-Request-Id`. Errors are
        RFC 9457 problem details that name the parameter at fault.
        A first picture to try: [scene-12.png](/samples/scene-12.png).
        """;

    public static void AddOpenApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddEndpointsApiExplorer();
        builder.Services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(Version, new OpenApiInfo
            {
                Title = "AttentionApi", Version = ServiceVersion.Text, Description = Description,
                    Contact = new OpenApiContact { Name = "AttentionApi contributors" },
                License = new OpenApiLicense { Name = "MIT", Url = new Uri("https://opensource.org/license/mit") },
            });
            // Relative: behind a proxy only the caller knows the host.
            options.AddServer(new OpenApiServer { Url = "/", Description = "The server that this document came from." });
            options.AddSecurityDefinition(OperationDescriber.ApiKeyScheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A key of this service, where it asks for one (Security:ApiKeys); otherwise leave it out.",
            });
            options.OperationFilter<OperationDescriber>();
            options.OperationFilter<ResponseDescriber>();
            options.DocumentFilter<ResponseDescriber>();
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            // Members that refer to a schema may be null too: "allOf" makes room for that beside the reference.
            options.UseAllOfToExtendReferenceSchemas();
            options.SchemaFilter<NumberGridSchema>();
            options.DocumentFilter<NumberGridSchema>();
            options.DocumentFilter<DocumentFinish>();
            options.SchemaFilter<EffectiveParametersSchema>();
            options.SchemaFilter<SeriesSchema>();
            // Without its file the document has no descriptions of members; the service is none the worse.
            if (File.Exists(Descriptions)) options.IncludeXmlComments(Descriptions);
        });
    }

    /// <summary>The document takes 30 ms and no slot; nothing changes it while the service runs, so that it is made once.</summary>
    public static void MapOpenApiDocument(this WebApplication app)
    {
        var document = new Lazy<Task<byte[]>>(async () => Encoding.UTF8.GetBytes(
            await app.Services.GetRequiredService<ISwaggerProvider>().GetSwagger(Version).SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_0)));
        app.MapGet(Address, async () => TypedResults.Bytes(await document.Value, "application/json; charset=utf-8")).ExcludeFromDescription();
    }

    public static void UseSwaggerPage(this WebApplication app)
    {
        app.UseSwaggerUI(options =>
        {
            options.DocumentTitle = "AttentionApi";
            options.SwaggerEndpoint(Address, "AttentionApi");
            options.DisplayRequestDuration();
            options.EnableTryItOutByDefault();
            options.DefaultModelsExpandDepth(-1);
            // The page links to an operation with its query, which this script fills into the form.
            options.EnableDeepLinking();
            options.InjectJavascript("/js/swaggerPrefill.js", "module");
        });
    }
}
