// Entity descriptions as JSON, the form the store keeps them in.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>Serializes descriptions; unknown members of newer versions are ignored.</summary>
internal static class DescriptionJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    public static string Write<T>(T description) => JsonSerializer.Serialize(description, Options);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options)
        ?? throw new JsonException($"An empty {typeof(T).Name}.");
}
