// Events through Sequences and Parallels, as Knative's own tests send them.
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class FlowTests
{
    [Fact]
    public async Task SequenceAndParallel_EventSent_ComesOutAsTheStepsAndBranchesMakeIt()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync();
        await using var steps = await Subscriber.StartAsync(StepAsync);
        var ends = new ConcurrentQueue<string>();
        await using var end = await Subscriber.StartAsync(async context =>
        {
            ends.Enqueue($"{context.Request.Path}{await BodyAsync(context)}");
            return 202;
        });

        await kubectl.ApplyAsync($$"""
            apiVersion: flows.knative.dev/v1
            kind: Sequence
            metadata: {name: line, namespace: default}
            spec:
              steps: [{uri: "{{steps.Uri}}append/a"}, {uri: "{{steps.Uri}}append/b"}, {uri: "{{steps.Uri}}append/c"}]
              reply: {uri: "{{end.Uri}}sequence"}
            ---
            apiVersion: flows.knative.dev/v1
            kind: Parallel
            metadata: {name: filtered, namespace: default}
            spec:
              branches:
              - {filter: {uri: "{{steps.Uri}}pass"}, subscriber: {uri: "{{steps.Uri}}append/left"} }
              - {filter: {uri: "{{steps.Uri}}drop"}, subscriber: {uri: "{{steps.Uri}}append/right"} }
              reply: {uri: "{{end.Uri}}filtered"}
            ---
            apiVersion: flows.knative.dev/v1
            kind: Parallel
            metadata: {name: plain, namespace: default}
            spec:
              branches:
              - {subscriber: {uri: "{{steps.Uri}}append/left"} }
              - {subscriber: {uri: "{{steps.Uri}}append/right"}, reply: {uri: "{{end.Uri}}own"} }
              reply: {uri: "{{end.Uri}}plain"}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "sequence/line", "parallel/filtered", "parallel/plain",
            "--timeout=60s");

        using var producer = new Producer(house.Proxy);
        foreach (var flow in new[] { "sequence/line", "parallel/filtered", "parallel/plain" })
        {
            var address = await kubectl.RunAsync("get", flow, "-o", "jsonpath={.status.address.url}");
            using var answer = await producer.SendAsync(new Uri(address), flow.Replace('/', '-'), "t");
            Assert.Equal(202, (int)answer.StatusCode);
        }

        await Eventually.True(() => ends.Count >= 4, "all come out");
        Assert.Equal(
            ["/filtered\"-left\"", "/own\"-right\"", "/plain\"-left\"", "/sequence\"-a-b-c\""], ends.Order());
    }

    // Appends the last part of its path to a text (to nothing, if the data is none), passes the event on, or drops it.
    private static async Task<int> StepAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var data = await BodyAsync(context);
        if (path == "/drop")
        {
            return 202;
        }

        var headers = context.Response.Headers;
        foreach (var (name, value) in context.Request.Headers.Where(header =>
            header.Key.StartsWith("ce-", StringComparison.OrdinalIgnoreCase)))
        {
            headers[name] = value;
        }

        context.Response.ContentType = "application/json";
        var text = data.StartsWith('"') ? data.Trim('"') : "";
        var body = path == "/pass" ? data : $"\"{text}-{path[(path.LastIndexOf('/') + 1)..]}\"";
        context.Response.StatusCode = 200;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
        return 200;
    }

    private static async Task<string> BodyAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync();
    }
}
