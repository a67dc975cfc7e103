namespace AttentionApi.Contracts;

/// <summary>Classes of a classifier.</summary>
/// <param name="Count">All classes that the model has.</param>
/// <param name="Classes">Those asked for, the best match first.</param>
public sealed record ClassList(int Count, IReadOnlyList<ClassName> Classes);

/// <summary>One class.</summary>
/// <param name="Index">Its place among the logits, from 0.</param>
/// <param name="Name">Its name; commas separate synonyms.</param>
public sealed record ClassName(int Index, string Name);
