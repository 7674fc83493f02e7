// Looks at the bytes a subscriber gets: no attribute, whatever is in it, can add a header.
using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HeaderInjectionTests
{
    private static readonly string[] AllowedHeaders =
    [
        "Host", "Content-Type", "Content-Length",
        "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-x", "ce-subject",
    ];

    public static TheoryData<int> Forbidden => new(Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)));

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void Structured_ControlCharacterInAnyAttribute_IsRefused(int character)
    {
        foreach (var name in new[] { "id", "source", "type", "subject", "x", "datacontenttype" })
        {
            var json = $$"""{"specversion":"1.0","{{name}}":"a\u{{character:x4}}Evil: 1\u{{character:x4}}b/c"}""";
            Assert.False(StructuredJson.TryRead(Encoding.UTF8.GetBytes(json), out _, out var fault));
            Assert.Equal(name, fault.Attribute);
        }
    }

    [Fact]
    public async Task Binary_AnyText_HasExactlyTheExpectedHeaders() =>
        await Gen.Char.Array[0, 60].Select(chars => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(chars)))
            .SampleAsync(text => PostAsync(text), iter: 100, threads: 1);

    [Theory]
    [InlineData("a\r\nEvil: 1")]
    [InlineData("a\nEvil: 1")]
    [InlineData("a\rEvil: 1\0")]
    [InlineData("\r\n\r\nPOST /admin HTTP/1.1\r\nHost: x\r\n\r\n")]
    public Task Binary_HostileText_HasExactlyTheExpectedHeaders(string text) => PostAsync(text);

    [Theory]
    [MemberData(nameof(Forbidden))]
    public Task Binary_ControlCharacterInEveryAttribute_HasExactlyTheExpectedHeaders(int character) =>
        PostAsync($"a{(char)character}Evil: 1{(char)character}b/c");

    // The event is made without the checks of any reader, as if they had failed.
    private static async Task PostAsync(string text)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var head = ReadHeadAsync(listener);
        var attributes = new List<EventAttribute>
        {
            new(AttributeName.SpecVersion, "1.0"),
            new(AttributeName.Id, text),
            new(AttributeName.Source, text),
            new(AttributeName.Type, text),
            new(AttributeName.Subject, text),
            new(AttributeName.Parse("x")!, text),
            new(AttributeName.DataContentType, text),
        };
        Assert.True(CloudEvent.TryCreate(attributes, default, out var cloudEvent, out _));
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/");
        BinaryHttp.Write(cloudEvent, request, AttributeName.BrokerTtl);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        using var response = await http.SendAsync(request, CancellationToken.None);
        var lines = (await head).Split("\r\n");
        Assert.Equal("POST / HTTP/1.1", lines[0]);
        Assert.All(lines[1..], line => Assert.Contains(line.Split(':')[0], AllowedHeaders));
        Assert.All(lines, line => Assert.DoesNotContain(line, c => c is < ' ' or > '~'));
        Assert.Equal(6, lines.Count(line => line.StartsWith("ce-", StringComparison.Ordinal)));
    }

    private static async Task<string> ReadHeadAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var bytes = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            var read = await stream.ReadAsync(buffer);
            bytes.AddRange(buffer.AsSpan(0, read));
            var text = Encoding.Latin1.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                await stream.WriteAsync(
                    "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());

                // Whatever follows the head would be a smuggled request.
                Assert.Equal(text.Length, end + 4);
                return text[..end];
            }

            Assert.NotEqual(0, read);
        }
    }
}
