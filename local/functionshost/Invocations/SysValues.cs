// The "sys" object that ends every invocation's metadata.
using System.Text.Json;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>Name of the function, time of the call, and a random id.</summary>
internal readonly record struct SysValues(string MethodName, DateTimeOffset UtcNow, Guid RandGuid)
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("sys"u8);
        writer.WriteString("MethodName"u8, MethodName);
        writer.WriteString("UtcNow"u8, UtcNow.UtcDateTime);
        writer.WriteString("RandGuid"u8, RandGuid);
        writer.WriteEndObject();
    }
}
