// What compiling a filter gives: the filter, or what is wrong with it and where.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Contract.Filters;

/// <summary>A compiled filter, or the reason there is none.</summary>
public sealed record FilterCompilation
{
    private FilterCompilation(CompiledFilter? filter, string? error)
    {
        Filter = filter;
        Error = error;
    }

    /// <summary>The filter; null when <see cref="Error"/> says why not.</summary>
    public CompiledFilter? Filter { get; }

    /// <summary>What is wrong, where, and how to mend it; null when the filter compiled.</summary>
    public string? Error { get; }

    /// <summary>Whether there is a filter.</summary>
    [MemberNotNullWhen(true, nameof(Filter))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Filter is not null;

    internal static FilterCompilation Of(CompiledFilter filter) => new(filter, null);

    internal static FilterCompilation Failed(string error) => new(null, error);
}
