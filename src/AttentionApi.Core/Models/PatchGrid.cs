namespace AttentionApi.Core.Models;

/// <summary>The grid of patches a vision tower sees; patches are numbered row by row.</summary>
public readonly record struct PatchGrid(int Rows, int Columns)
{
    public int Count => Rows * Columns;
}
