using Microsoft.Extensions.Options;

namespace AttentionApi.Hosting;

internal static class ConfigurationSections
{
    /// <summary>Binds a section of the configuration and checks it at start; an unknown key in it is an error, because a typo must not silently give the
    /// default.</summary>
    public static OptionsBuilder<T> AddSection<T>(this IServiceCollection services, string section) where T : class =>
        services.AddOptions<T>().BindConfiguration(section, binder => binder.ErrorOnUnknownConfiguration = true).ValidateDataAnnotations().ValidateOnStart();

    /// <summary>A section's values.</summary>
    /// <exception cref="OptionsValidationException">They are wrong.</exception>
    public static T Value<T>(this IServiceProvider services) where T : class => services.GetRequiredService<IOptions<T>>().Value;
}
