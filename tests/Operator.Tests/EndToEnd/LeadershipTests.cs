// Two replicas: one writes, the other takes over, and either serves the routing table.
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Leadership;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class LeadershipTests(House house) : IClassFixture<House>
{
    private const string Lease =
        "apis/coordination.k8s.io/v1/namespaces/serverless-eventing/leases/eventing-operator";

    private readonly HttpClient _http = new();

    [Fact]
    public async Task Replicas_Two_OneLeadsAndTheOtherTakesOverAtOnce()
    {
        await house.Operator.DisposeAsync();
        var first = await StartAsync("first");
        await Eventually.True(() => first.IsLeader, "the first leads");
        await using var second = await StartAsync("second");
        Assert.False(second.IsLeader);
        var ns = await house.Namespace("eventing.knative.dev/injection: enabled");
        await house.Ready(House.Broker(ns));

        // A poll at the standby is the leader's to answer, and the leader counts the instance.
        var table = await TableAsync(second.RoutingUri);
        Assert.Contains(table.Ingresses, ingress => ingress.Namespace == ns);
        foreach (var probe in new[] { "/healthz", "/readyz" })
        {
            Assert.Equal("ok", await _http.GetStringAsync(new Uri(second.RoutingUri, probe)));
        }

        await first.DisposeAsync();
        var released = (await house.Get(Lease))!.Spec.Text("holderIdentity");
        Assert.True(released is "" or "second", released);
        await Eventually.True(() => second.IsLeader, "the second leads");
        Assert.Equal("second", (await house.Get(Lease))!.Spec.Text("holderIdentity"));
        Assert.True((await TableAsync(second.RoutingUri)).Generation >= table.Generation);
        await house.Apply(
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: after}\nspec: {}", ns);
        await house.Ready(House.Broker(ns, "after"));
        await second.DisposeAsync();
        await house.StartOperator();
    }

    [Fact]
    public async Task Leader_WhoseLeaseIsTaken_StopsAndComesBackWhenItRunsOut()
    {
        await house.Operator.DisposeAsync();
        await using var replica = await StartAsync("mine");
        await Eventually.True(() => replica.IsLeader, "it leads");
        await house.Patch(Lease, """{"spec":{"holderIdentity":"other","leaseDurationSeconds":4}}""");
        await Eventually.True(() => !replica.IsLeader, "it has stopped");
        using var answer = await _http.GetAsync(replica.RoutingUri);
        Assert.True(answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.OK);
        await Eventually.True(() => replica.IsLeader, "nobody renewed the other's lease");
        await replica.DisposeAsync();
        await house.StartOperator();
    }

    [Fact]
    public async Task Table_WithAToken_IsForThoseWhoKnowItAndPackedOnDemand()
    {
        await house.Operator.DisposeAsync();
        await using (var guarded = await OperatorApplication.StartAsync(
            house.Options with { RoutingToken = "open-sesame" }, default))
        {
            foreach (var wrong in new[] { null, "Bearer open", "Basic open-sesame" })
            {
                using var refused = await GetAsync(guarded.RoutingUri, wrong);
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
                Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.Single().Scheme);
            }

            using var answer = await GetAsync(guarded.RoutingUri, "Bearer open-sesame", "gzip");
            Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
            await using var packed = await answer.Content.ReadAsStreamAsync();
            await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
            using var table = new MemoryStream();
            await unpacked.CopyToAsync(table);
            Assert.Equal(
                answer.Headers.ETag!.Tag, $"\"{RoutingTableJson.Deserialize(table.ToArray()).Generation}\"");
        }

        await house.StartOperator();
    }

    private Task<OperatorApplication> StartAsync(string name) => OperatorApplication.StartAsync(
        house.Options with
        {
            Leader = new LeaderOptions { Identity = name, LeaseDuration = TimeSpan.FromSeconds(3) },
        },
        default);

    private async Task<RoutingTable> TableAsync(Uri uri)
    {
        using var answer = await GetAsync(uri, null);
        return RoutingTableJson.Deserialize(await answer.Content.ReadAsByteArrayAsync());
    }

    private async Task<HttpResponseMessage> GetAsync(Uri uri, string? authorization, string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.Authorization =
            authorization is null ? null : AuthenticationHeaderValue.Parse(authorization);
        if (encoding is not null)
        {
            request.Headers.AcceptEncoding.ParseAdd(encoding);
        }

        return await _http.SendAsync(request);
    }
}
