namespace AttentionApi.Contracts;

/// <summary>The methods of explanation.</summary>
/// <param name="Methods">In the order of their making.</param>
public sealed record MethodList(IReadOnlyList<Method> Methods);

/// <summary>One method.</summary>
/// <param name="Name">The value of the parameter 'method'.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Meaning">One sentence: what the picture means and what it does not.</param>
/// <param name="Paper">Where it comes from.</param>
/// <param name="Parameters">What it takes.</param>
/// <param name="LabelDependent">True where each label has a map of its own.</param>
/// <param name="Signed">True where some views have negative values, drawn around zero.</param>
public sealed record Method(string Name, string Title, string Meaning, string Paper, IReadOnlyList<MethodParameter> Parameters, bool LabelDependent, bool Signed);

/// <summary>One parameter of a method.</summary>
/// <param name="Name">Its name in the query.</param>
/// <param name="Range">Its values, in words.</param>
/// <param name="Default">What holds where it is absent.</param>
/// <param name="Description">What it does.</param>
public sealed record MethodParameter(string Name, string Range, string Default, string Description);
