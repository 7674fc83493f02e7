// Either a value or the Status that says why there is none.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Local.Kubernetes.Objects;

/// <summary>An expected failure is a value, mapped to HTTP once, at the edge.</summary>
public readonly struct Result<T>
    where T : class
{
    private Result(T? value, ApiStatus? failure)
    {
        Value = value;
        Failure = failure;
    }

    public T? Value { get; }

    public ApiStatus? Failure { get; }

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(ApiStatus failure) => new(null, failure);

    public bool Failed([NotNullWhen(true)] out ApiStatus? failure, [NotNullWhen(false)] out T? value)
    {
        failure = Failure;
        value = Value;
        return failure is not null;
    }
}
