// Writes the body of a timer's invocation, byte for byte as the real host does.
using System.Buffers;
using System.Text.Json;
using ServerlessEventing.Local.FunctionsHost.Timers;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>What a timer function is told.</summary>
internal sealed record TimerEnvelope
{
    public required string BindingName { get; init; }

    /// <summary>Null for a timer that is not monitored.</summary>
    public required ScheduleStatus? Status { get; init; }

    public required bool IsPastDue { get; init; }

    /// <summary>Null for a function with no retry policy.</summary>
    public required RetryState? Retry { get; init; }

    public void Write(IBufferWriter<byte> output, SysValues sys)
    {
        using var writer = new Utf8JsonWriter(output, ContractJson.Options);
        writer.WriteStartObject();
        writer.WriteStartObject("Data"u8);
        writer.WriteStartObject(BindingName);
        writer.WriteStartObject("Schedule"u8);
        writer.WriteBoolean("AdjustForDST"u8, true);
        writer.WriteEndObject();
        WriteStatus(writer);
        writer.WriteBoolean("IsPastDue"u8, IsPastDue);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartObject("Metadata"u8);
        sys.Write(writer);
        Retry?.Write(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private void WriteStatus(Utf8JsonWriter writer)
    {
        if (Status is null)
        {
            writer.WriteNull("ScheduleStatus"u8);
            return;
        }

        writer.WriteStartObject("ScheduleStatus"u8);
        writer.WriteString("Last"u8, Status.Last);
        writer.WriteString("Next"u8, Status.Next);
        writer.WriteString("LastUpdated"u8, Status.LastUpdated);
        writer.WriteEndObject();
    }
}

/// <summary>How often the invocation was tried before, and what its last try failed with.</summary>
internal sealed record RetryState(int Count, int Most, string? Failure)
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("RetryContext"u8);
        writer.WriteNumber("RetryCount"u8, Count);
        writer.WriteNumber("MaxRetryCount"u8, Most);
        if (Failure is null)
        {
            writer.WriteNull("Exception"u8);
        }
        else
        {
            // The real host serializes the whole exception with its stack; name and message are what can be used.
            writer.WriteStartObject("Exception"u8);
            writer.WriteString("ClassName"u8, "Microsoft.Azure.WebJobs.Host.FunctionInvocationException");
            writer.WriteString("Message"u8, Failure);
            writer.WriteEndObject();
        }

        writer.WriteNull("Instance"u8);
        writer.WriteStartObject("State"u8);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
