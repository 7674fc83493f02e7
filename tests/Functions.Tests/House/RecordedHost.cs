// Stands in for the Functions host: posts each message of a lane in the encoding recorded from the real one.
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Tests.House;

/// <summary>
/// The invocation is the one of <c>conformance/functions-host</c> with this message's body and metadata put in:
/// chunked, scalars as JSON in a JSON string. 2xx with a JSON body completes, anything else abandons.
/// </summary>
/// <param name="forgets">
/// The messages that are given back though the handler has answered, as by a host killed before it completes them.
/// </param>
internal sealed class RecordedHost(Uri handler, Predicate<ServiceBusReceivedMessage> forgets) : IAsyncDisposable
{
    private static readonly string Template = ReadTemplate();

    private readonly List<ServiceBusProcessor> processors = [];
    private readonly HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };

    public static async Task<RecordedHost> StartAsync(
        ServiceBusClient client, Uri handler, Predicate<ServiceBusReceivedMessage>? forgets = null)
    {
        var host = new RecordedHost(handler, forgets ?? (_ => false));
        await host.ServeAsync(client, "TriggerFilter", EntityNames.TriggersLane);
        await host.ServeAsync(client, "ChannelFanout", EntityNames.SubscriptionsLane);
        await host.ServeAsync(client, "SourceDelivery", EntityNames.SourcesLane);
        return host;
    }

    /// <summary>The body of the invocation for a message.</summary>
    public static string Invocation(ServiceBusReceivedMessage message)
    {
        var invocation = JsonNode.Parse(Template)!;
        invocation["Data"] = new JsonObject { ["message"] = Convert.ToBase64String(message.Body) };
        var metadata = invocation["Metadata"]!.AsObject();
        metadata["DeliveryCount"] = Scalar(message.DeliveryCount);
        metadata["SequenceNumber"] = Scalar(message.SequenceNumber);
        metadata["MessageId"] = Scalar(message.MessageId);
        metadata.Remove("ContentType");
        if (message.ContentType is not null)
        {
            metadata["ContentType"] = Scalar(message.ContentType);
        }

        var properties = JsonSerializer.SerializeToNode(message.ApplicationProperties)!;
        metadata["ApplicationProperties"] = properties;
        metadata["UserProperties"] = properties.DeepClone();
        return invocation.ToJsonString();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(processors.Select(processor => processor.StopProcessingAsync()));
        foreach (var processor in processors)
        {
            await processor.DisposeAsync();
        }

        http.Dispose();
    }

    private async Task ServeAsync(ServiceBusClient client, string function, string lane)
    {
        var processor = client.CreateProcessor(lane, new ServiceBusProcessorOptions
        {
            AutoCompleteMessages = false,
            MaxConcurrentCalls = 256,
        });
        processor.ProcessMessageAsync += args => InvokeAsync(function, args);
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        processors.Add(processor);
        await processor.StartProcessingAsync();
    }

    private async Task InvokeAsync(string function, ProcessMessageEventArgs args)
    {
        var succeeded = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(handler, function));
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Invocation(args.Message)));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
            request.Headers.TransferEncodingChunked = true;
            request.Headers.Add("X-Azure-Functions-HostVersion", "4.1037.0.0");
            request.Headers.Add("X-Azure-Functions-InvocationId", Guid.NewGuid().ToString());
            using var response = await http.SendAsync(request);
            var answer = await response.Content.ReadAsStringAsync();
            succeeded = response.IsSuccessStatusCode && JsonNode.Parse(answer)?["Outputs"] is not null;
        }
        catch (HttpRequestException)
        {
            // The handler is gone; the message is abandoned.
        }

        succeeded &= !forgets(args.Message);
        await (succeeded ? args.CompleteMessageAsync(args.Message) : args.AbandonMessageAsync(args.Message));
    }

    private static JsonNode Scalar<T>(T value) => JsonValue.Create(JsonSerializer.Serialize(value))!;

    private static string ReadTemplate()
    {
        var lines = File.ReadAllLines(Conformance.File("functions-host", "servicebus_fake_extension.log"));
        var start = Array.FindIndex(lines, line => line.Contains("POST /SbBin ", StringComparison.Ordinal));
        var body = lines[start..].First(line => line.Contains("[body ", StringComparison.Ordinal));
        return body[(body.IndexOf(']', StringComparison.Ordinal) + 2)..];
    }
}
