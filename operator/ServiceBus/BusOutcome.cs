// How a wish to the bus ended.
namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>How it ended; <see cref="Message"/> is fit for a condition.</summary>
public readonly record struct BusOutcome(BusResult Result, string Message, TimeSpan RetryAfter)
{
    public static readonly BusOutcome Done = new(BusResult.Done, "", TimeSpan.Zero);

    public bool IsDone => Result == BusResult.Done;

    /// <summary>Done, and what someone else had changed or deleted is right again; the message says what.</summary>
    public bool IsRepair => IsDone && Message.Length > 0;

    /// <summary>The condition reason.</summary>
    public string Reason => Result switch
    {
        BusResult.NameTaken => "NameTaken",
        BusResult.Unreachable => "ServiceBusUnreachable",
        BusResult.Refused => "ServiceBusRefused",
        BusResult.Immutable => "Immutable",
        BusResult.Waiting => "ServiceBusNotReady",
        _ => "Provisioned",
    };

    public static BusOutcome Repaired(string message) => new(BusResult.Done, message, TimeSpan.Zero);

    public static BusOutcome NameTaken(string message) =>
        new(BusResult.NameTaken, message, TimeSpan.FromSeconds(15));

    public static BusOutcome Unreachable(string message, TimeSpan retryAfter) =>
        new(BusResult.Unreachable, message, retryAfter);

    public static BusOutcome Refused(string message) => new(BusResult.Refused, message, TimeSpan.FromSeconds(30));

    public static BusOutcome Immutable(string message) => new(BusResult.Immutable, message, TimeSpan.FromMinutes(1));

    public static BusOutcome Waiting(string message, double seconds = 1) =>
        new(BusResult.Waiting, message, TimeSpan.FromSeconds(seconds));
}

/// <summary>Ways a wish to the bus can end.</summary>
public enum BusResult
{
    /// <summary>The entity is as wanted.</summary>
    Done,

    /// <summary>An entity of that name is not ours.</summary>
    NameTaken,

    /// <summary>The bus does not answer, is busy, or another operation on the entity is under way.</summary>
    Unreachable,

    /// <summary>The bus said no: bad name, quota, missing right.</summary>
    Refused,

    /// <summary>It is there with a setting that the bus never changes.</summary>
    Immutable,

    /// <summary>Something it needs is not there yet.</summary>
    Waiting,
}
