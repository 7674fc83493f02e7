// Tests of how the routing table comes in: from a file, by long poll, and never backwards.
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Routing;

public sealed class TableFeedTests
{
    private readonly RoutingTables tables = new(NullLogger<RoutingTables>.Instance);

    [Fact]
    public void Offer_OlderGeneration_IsRefused()
    {
        Assert.True(tables.Offer(Bytes(7)));
        Assert.False(tables.Offer(Bytes(6)));
        Assert.Equal(7, tables.Current!.Generation);
        Assert.True(tables.Offer(Bytes(8)));
        Assert.Equal(8, tables.Current!.Generation);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"generation\":\"x\"}")]
    [InlineData("{\"generation\":99,\"minReader\":2}")]
    public void Offer_NotATableForUs_KeepsTheLastOne(string json)
    {
        tables.Offer(Bytes(7));
        Assert.False(tables.Offer(System.Text.Encoding.UTF8.GetBytes(json)));
        Assert.Equal(7, tables.Current!.Generation);
    }

    [Fact]
    public async Task File_AppearsAndChanges_IsInForce()
    {
        using var folder = new TempFolder();
        using var stop = new CancellationTokenSource();
        var feed = TableFeeds.For(folder["table.json"], "i", tables, NullLoggerFactory.Instance);
        var running = feed.RunAsync(stop.Token);
        Assert.Null(tables.Current);
        await File.WriteAllBytesAsync(folder["new"], Bytes(1));
        File.Move(folder["new"], folder["table.json"]);
        await tables.WhenLoadedAsync(CancellationToken.None).WaitAsync(Eventually.DefaultDeadline);
        await File.WriteAllBytesAsync(folder["new"], Bytes(22));
        File.Move(folder["new"], folder["table.json"], overwrite: true);
        await Eventually.True(() => tables.Current!.Generation == 22, "the new table");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Url_LongPoll_TellsTheOperatorWhatIsInForce()
    {
        var asked = new ConcurrentQueue<(string? Tag, string? Prefer, string? Instance)>();
        var changed = new TaskCompletionSource();
        var port = FreePort.Next();
        await using var server = Serve(port, async context =>
        {
            var headers = context.Request.Headers;
            asked.Enqueue((headers.IfNoneMatch, headers["Prefer"], headers["X-Eventing-Instance"]));
            if (headers.IfNoneMatch.Count == 0)
            {
                await AnswerAsync(context, 1);
                return;
            }

            if (headers.IfNoneMatch == "\"1\"")
            {
                await changed.Task;
                await AnswerAsync(context, 2);
                return;
            }

            context.Response.StatusCode = StatusCodes.Status304NotModified;
            await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted).ContinueWith(_ => { });
        });
        using var stop = new CancellationTokenSource();
        var feed = TableFeeds.For($"http://127.0.0.1:{port}/routing", "instance-1", tables, NullLoggerFactory.Instance);

        // The operator may come up after us.
        var running = feed.RunAsync(stop.Token);
        await server.StartAsync();
        await tables.WhenLoadedAsync(CancellationToken.None).WaitAsync(Eventually.DefaultDeadline);
        await Eventually.True(() => asked.Count == 2, "the long poll");
        Assert.Equal((null, null, "instance-1"), asked.First());
        Assert.Equal(("\"1\"", "wait=30", "instance-1"), asked.Last());
        changed.SetResult();
        await Eventually.True(() => tables.Current!.Generation == 2, "the new table");
        await Eventually.True(() => asked.Last().Tag == "\"2\"", "the poll that says so");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Task AnswerAsync(HttpContext context, long generation)
    {
        context.Response.Headers.ETag = $"\"{generation}\"";
        return context.Response.Body.WriteAsync(Bytes(generation)).AsTask();
    }

    private static byte[] Bytes(long generation) =>
        RoutingTableJson.Serialize(new RoutingTable { Generation = generation });

    private static WebApplication Serve(int port, RequestDelegate handle)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.Run(handle);
        return app;
    }
}
