using Microsoft.ML.OnnxRuntime;

namespace AttentionApi.Core.Runtime.Gradients;

/// <summary>Makes a tower's inputs for any picture of one size; the caller disposes of them.</summary>
internal delegate Dictionary<string, OrtValue> TowerFeeds();
