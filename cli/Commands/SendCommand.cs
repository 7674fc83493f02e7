// `eventing send`: posts CloudEvents to an ingress.
using System.CommandLine;
using System.Net;
using System.Text;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Sends one or more CloudEvents in binary mode and prints each answer.</summary>
internal static class SendCommand
{
    private static readonly Option<string> Url = new("--url")
    {
        Description = "Address of a Broker or Channel",
        DefaultValueFactory = _ => "http://localhost:7071/default/default",
    };

    private static readonly Option<string> Type = new("--type")
    {
        Description = "CloudEvent type",
        DefaultValueFactory = _ => "com.example.hello",
    };

    private static readonly Option<string> Source = new("--source")
    {
        Description = "CloudEvent source",
        DefaultValueFactory = _ => "/eventing/send",
    };

    private static readonly Option<string?> Id = new("--id") { Description = "CloudEvent id; a new one otherwise" };

    private static readonly Option<string[]> Attributes = new("--attribute", "-a")
    {
        Description = "Further attribute, name=value; may be given more than once",
    };

    private static readonly Option<string> Data = new("--data")
    {
        Description = "JSON data, or @FILE",
        DefaultValueFactory = _ => "{\"message\":\"Hello\"}",
    };

    private static readonly Option<int> Count = new("--count", "-n")
    {
        Description = "How many to send; ids get a number",
        DefaultValueFactory = _ => 1,
    };

    public static Command Create()
    {
        var command = new Command(
            "send",
            """
            Send CloudEvents to a Broker or Channel.

            Examples:
              eventing send
              eventing send --type com.example.order --data '{"amount": 3}' -a subject=order-1
              eventing send --url http://localhost:7071/default/default --count 10
            """)
        {
            Url, Type, Source, Id, Attributes, Data, Count,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(result.GetValue(Url), UriKind.Absolute, out var url))
        {
            throw new CommandException($"--url: \"{result.GetValue(Url)}\" is not an absolute address");
        }

        var body = await ReadDataAsync(result.GetValue(Data)!, cancellationToken);
        var first = result.GetValue(Id) ?? Guid.CreateVersion7().ToString();
        var count = result.GetValue(Count);
        var failed = 0;
        using var client = new HttpClient();
        for (var i = 1; i <= count; i++)
        {
            var id = count == 1 ? first : $"{first}-{i}";
            using var request = CreateRequest(result, url, id, body);
            using var answer = await PostAsync(client, request, cancellationToken);
            var accepted = answer.StatusCode == HttpStatusCode.Accepted;
            var detail = accepted ? "" : await answer.Content.ReadAsStringAsync(cancellationToken);
            Terminal.Line($"{id} {(int)answer.StatusCode} {Terminal.Printable(detail, 1000)}".TrimEnd());
            failed += accepted ? 0 : 1;
        }

        return failed == 0 ? 0 : 1;
    }

    private static HttpRequestMessage CreateRequest(ParseResult result, Uri url, string id, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        Add(request, "specversion", "1.0");
        Add(request, "id", id);
        Add(request, "type", result.GetValue(Type)!);
        Add(request, "source", result.GetValue(Source)!);
        foreach (var attribute in result.GetValue(Attributes) ?? [])
        {
            var equals = attribute.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new CommandException($"--attribute: \"{attribute}\" is not name=value");
            }

            Add(request, attribute[..equals], attribute[(equals + 1)..]);
        }

        return request;
    }

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        // The HTTP binding's encoding: percent-code what a header cannot carry, and the percent sign itself.
        var encoded = string.Concat(Encoding.UTF8.GetBytes(value).Select(octet =>
            octet is > 0x20 and < 0x7f and not (byte)'"' and not (byte)'%' ? $"{(char)octet}" : $"%{octet:X2}"));
        if (!request.Headers.TryAddWithoutValidation("ce-" + name, encoded))
        {
            throw new CommandException($"\"{name}\" cannot be the name of an attribute");
        }
    }

    private static async Task<HttpResponseMessage> PostAsync(
        HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            throw new CommandException(
                $"{request.RequestUri}: {failure.Message} Is the house up (eventing up)?");
        }
    }

    private static async Task<byte[]> ReadDataAsync(string data, CancellationToken cancellationToken)
    {
        if (!data.StartsWith('@'))
        {
            return Encoding.UTF8.GetBytes(data);
        }

        return File.Exists(data[1..])
            ? await File.ReadAllBytesAsync(data[1..], cancellationToken)
            : throw new CommandException($"--data: no file {data[1..]}");
    }
}
