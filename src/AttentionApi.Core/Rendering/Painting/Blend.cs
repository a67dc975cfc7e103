namespace AttentionApi.Core.Rendering.Painting;

/// <summary>How a map's colours are laid over the picture.</summary>
internal enum Blend
{
    /// <summary>
    /// Over the picture's luma, dimmed to three quarters, with an opacity that follows the value: the picture is to be recognised where the map says little,
    /// and its own colours cannot be taken for those of the map.
    /// </summary>
    Glow,
    /// <summary>Over the picture's luma, dimmed to half, with the same opacity everywhere.</summary>
    Gray,
    /// <summary>The opacity follows the value (of signed maps its distance from zero): where the map says little, the picture shows.</summary>
    Value,
    /// <summary>The same opacity everywhere over the picture as it is.</summary>
    Flat,
}
