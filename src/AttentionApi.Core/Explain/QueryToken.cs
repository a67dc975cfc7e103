using System.Globalization;

namespace AttentionApi.Core.Explain;

/// <summary>Which query row of a matrix a map shows.</summary>
internal enum QueryKind { Cls, Mean, Patch }

/// <summary>The query row; row and column count from 0 and matter for <see cref="QueryKind.Patch"/> only.</summary>
internal readonly record struct QueryToken(QueryKind Kind, int Row = 0, int Column = 0)
{
    /// <exception cref="FormatException">Neither cls, mean nor row,column.</exception>
    public static QueryToken Parse(string text)
    {
        if (text.Equals("cls", StringComparison.OrdinalIgnoreCase)) return new(QueryKind.Cls);
        if (text.Equals("mean", StringComparison.OrdinalIgnoreCase)) return new(QueryKind.Mean);
        return text.Split(',') is [var row, var column] && Index(row) is { } y && Index(column) is { } x ? new(QueryKind.Patch, y, x)
            : throw new FormatException($"query is '{Parameters.Words.Shown(text)}'; it must be cls, mean, or row,column of a patch, counted from "
                + "0, like 3,5.");
    }

    public override string ToString() => Kind switch
    {
        QueryKind.Cls => "cls",
        QueryKind.Mean => "mean",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Row},{Column}"),
    };

    private static int? Index(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var index) ? index : null;
}
