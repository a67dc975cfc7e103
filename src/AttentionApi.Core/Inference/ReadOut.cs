namespace AttentionApi.Core.Inference;

internal sealed class ReadOut : IAsyncDisposable
{
    public float[] Run(float[] hidden, int rows) => throw new NotImplementedException();
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
