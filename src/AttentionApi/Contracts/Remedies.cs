using AttentionApi.Core.Models;
using AttentionApi.Core.Parameters;

namespace AttentionApi.Contracts;

/// <summary>Names the setting that remedies what Core refuses: Core says what is wrong and knows no settings.</summary>
internal static class Remedies
{
    /// <summary>The refusal, and the setting that could allow it.</summary>
    public static string Explain(ParameterException wrong) => wrong is not OverLimitException over ? wrong.Message : over.Limit switch
    {
        Limit.Runs => $"{wrong.Message} Limits:RunsPerRequest allows more.",
        Limit.LoadedModels => $"{wrong.Message} Models:MaxLoaded allows more.",
        _ => wrong.Message,
    };

    /// <summary>The refusal, and the setting that chooses files where these are at fault.</summary>
    public static string Explain(ModelRefusedException refused) =>
        refused.ChooseFilesOf is { } model ? WithFiles(refused.Message, model) : refused.Message;

    /// <summary>The message of a failure, with the setting that remedies it where there is one.</summary>
    public static string Explain(Exception failure) => failure switch
    {
        ParameterException wrong => Explain(wrong),
        ModelRefusedException refused => Explain(refused),
        _ => failure.Message,
    };

    public static string WithFiles(string reason, string model) => $"{reason} {OfFiles(model)}";

    public static string OfFiles(string model) => $"The setting Models:Files:{model} chooses files.";
}
