// PingSources and CronJobSources: conditions, statuses, what the routing table gets, and what a deletion leaves.
using System.Text;
using ServerlessEventing.Contract.Cron;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Sources;

public sealed class CronSourceTests(House house) : IClassFixture<House>
{
    [Theory]
    [InlineData("v1")]
    [InlineData("v1beta2")]
    public async Task PingSource_WithASink_IsReadyAndInTheTable(string version)
    {
        var ns = await house.Namespace();
        await house.Apply(
            $$$"""
            apiVersion: sources.knative.dev/{{{version}}}
            kind: PingSource
            metadata: {name: ping}
            spec:
              schedule: "10 0/1 * * * ?"
              timezone: Europe/Berlin
              contentType: application/json
              data: '{"message": "Hello"}'
              ceOverrides: {extensions: {region: north}}
              sink: {uri: "http://example.com/ping"}
            """,
            ns);
        var ping = await house.Ready(Ping(ns));
        Assert.Equal("http://example.com/ping", ping.Status.Text("sinkUri"));
        var attributes = Assert.Single(ping.Status.Items("ceAttributes"));
        Assert.Equal("dev.knative.sources.ping", attributes.Text("type"));
        Assert.Equal($"/apis/v1/namespaces/{ns}/pingsources/ping", attributes.Text("source"));
        Assert.Equal(
            ["Deployed", "OIDCIdentityCreated", "Ready", "SinkProvided"],
            ping.Status.Items("conditions").Select(condition => condition.Text("type")).Order());

        var (schedule, egress) = await Entries(ping);
        Assert.Equal(("10 0/1 * * * ?", "Europe/Berlin"), (schedule!.Cron, schedule.TimeZone));
        Assert.Equal("""{"message": "Hello"}""", Encoding.UTF8.GetString(schedule.Data!));
        Assert.Equal(("application/json", "north"), (schedule.ContentType, schedule.Attributes["region"]));
        Assert.Equal((EgressKind.Source, "eventing-sources"), (egress!.Kind, egress.Lane));
        Assert.Equal((5, TimeSpan.FromMilliseconds(50)), (egress.Delivery.Retry, egress.Delivery.BackoffDelay));
    }

    [Fact]
    public async Task PingSource_WithNothingSaid_TicksEachMinuteWithoutData()
    {
        var ns = await house.Namespace();
        await Apply(ns, "");
        var (schedule, _) = await Entries(await house.Ready(Ping(ns)));
        Assert.Equal(("* * * * *", null, null), (schedule!.Cron, schedule.ContentType, schedule.Data));
    }

    [Fact]
    public async Task PingSource_SinkIsABroker_GoesToItsTopic()
    {
        var ns = await house.Namespace("knative-eventing-injection: enabled");
        await house.Apply(
            """
            apiVersion: sources.knative.dev/v1
            kind: PingSource
            metadata: {name: ping}
            spec:
              dataBase64: aGVsbG8=
              sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}
            """,
            ns);
        var ping = await house.Ready(Ping(ns));
        var (schedule, egress) = await Entries(ping);
        Assert.Equal($"{ns}.default-kn-ingress", egress!.Destination!.Topic);
        Assert.Equal(ping.Status.Text("sinkUri"), egress.Destination.Uri);
        Assert.Equal("hello", Encoding.UTF8.GetString(schedule!.Data!));

        Task<IReadOnlyList<Resource>> EventTypes() =>
            house.List($"apis/eventing.knative.dev/v1beta2/namespaces/{ns}/eventtypes");
        await Eventually.Passes(async () =>
        {
            var type = Assert.Single(await EventTypes());
            Assert.Equal("dev.knative.sources.ping", type.Spec.Text("type"));
            Assert.Equal(schedule.Source, type.Spec.Text("source"));
            Assert.Equal(
                ("Broker", "default"), (type.Spec.Text("reference", "kind"), type.Spec.Text("reference", "name")));
            Assert.True(type.IsReady);
        });
        await house.Patch(Ping(ns), """{"spec": {"sink": {"ref": null, "uri": "http://example.com/"}}}""");
        await Eventually.Passes(async () => Assert.Empty(await EventTypes()));
    }

    [Theory]
    [InlineData("schedule: \"0 0 * * 7\"", "ScheduleInvalid", "(day of week, at character 9)")]
    [InlineData("schedule: \"@every 1h\"", "ScheduleInvalid", "unsupported descriptor @every")]
    [InlineData("timezone: Knative/Land", "ScheduleInvalid", "spec.timezone 'Knative/Land'")]
    [InlineData("timezone: UTC, schedule: \"CRON_TZ=UTC * * * * *\"", "ScheduleInvalid", "CRON_TZ=UTC")]
    [InlineData("data: x, dataBase64: eA==", "DataInvalid", "both set")]
    [InlineData("dataBase64: \"***\"", "DataInvalid", "not base64")]
    [InlineData("data: \"[1]\", contentType: application/json", "DataInvalid", "no JSON object")]
    [InlineData("data: x, contentType: none", "DataInvalid", "media type")]
    [InlineData("ceOverrides: {extensions: {type: x}}", "ExtensionsInvalid", "spec.ceOverrides.extensions.type")]
    [InlineData("ceOverrides: {extensions: {Region: x}}", "ExtensionsInvalid", "'Region'")]
    public async Task PingSource_Wrong_SaysWhatAndWhere(string field, string reason, string message)
    {
        var ns = await house.Namespace();
        await Apply(ns, field + ", ");
        await house.Condition(Ping(ns), "Deployed", "False", reason);
        var ping = await house.Get(Ping(ns));
        Assert.Contains(message, ping!.Condition("Ready").Text("message"), StringComparison.Ordinal);
        Assert.Equal((null, null), await Entries(ping));
    }

    [Fact]
    public async Task PingSource_SinkMissing_IsNotReadyUntilItIsThere()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: sources.knative.dev/v1
            kind: PingSource
            metadata: {name: ping}
            spec:
              sink: {ref: {apiVersion: v1, kind: Service, name: late}}
            """,
            ns);
        await house.Condition(Ping(ns), "SinkProvided", "False", "NotFound");
        await house.Service(ns, "late");
        await house.Ready(Ping(ns));
    }

    [Fact]
    public async Task PingSource_EditedAndDeleted_TableFollows()
    {
        var ns = await house.Namespace();
        await Apply(ns, "data: one, ");
        var (first, _) = await Entries(await house.Ready(Ping(ns)));
        await house.Patch(Ping(ns), """{"spec": {"data": "two"}}""");
        await Eventually.True(
            async () => (await house.Ready(Ping(ns))).Generation == 2, "the second generation is ready");
        var ping = await house.Ready(Ping(ns));
        var (second, _) = await Entries(ping);
        Assert.Equal(2, second!.Generation);
        Assert.True(second.Since > first!.Since);

        await house.Patch(Ping(ns), """{"metadata": {"labels": {"touched": "yes"}}}""");
        await house.Delete(Ping(ns));
        await Eventually.True(
            async () => await Entries(ping) is (null, { State: EgressState.Draining }), "no schedule, and it drains");
    }

    [Fact]
    public async Task Operator_StartsAgain_GenerationIsInForceSinceItFirstWas()
    {
        var ns = await house.Namespace();
        await Apply(ns, "");
        var ping = await house.Ready(Ping(ns));
        var (before, _) = await Entries(ping);
        await house.Operator.DisposeAsync();
        await house.StartOperator();
        await Eventually.True(
            async () => (await Entries(ping)).Schedule?.Since == before!.Since, "the schedule is as it was");
    }

    [Fact]
    public async Task CronJobSource_SinkIsABroker_IsReadyAsInV07AndHasItsEventType()
    {
        var ns = await house.Namespace("knative-eventing-injection: enabled");
        await house.Apply(
            """
            apiVersion: sources.eventing.knative.dev/v1alpha1
            kind: CronJobSource
            metadata: {name: old}
            spec:
              schedule: "@every 90s"
              data: Hello world!
              sink: {apiVersion: eventing.knative.dev/v1alpha1, kind: Broker, name: default}
            """,
            ns);
        var path = $"apis/sources.eventing.knative.dev/v1alpha1/namespaces/{ns}/cronjobsources/old";
        var source = await house.Ready(path);
        Assert.Equal(
            ["Deployed", "EventTypeProvided", "Ready", "ResourcesCorrect", "SinkProvided", "ValidSchedule"],
            source.Status.Items("conditions").Select(condition => condition.Text("type")).Order());
        var (schedule, _) = await Entries(source);
        Assert.Equal(("@every 90s", CronDialect.CronJobSource), (schedule!.Cron, schedule.Dialect));
        Assert.Equal("""{"body":"Hello world!"}""", Encoding.UTF8.GetString(schedule.Data!));
        Assert.Equal("dev.knative.cronjob.event", schedule.Type);
        Assert.Equal($"/apis/v1/namespaces/{ns}/cronjobsources/old", schedule.Source);

        var type = Assert.Single(
            await house.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/eventtypes"));
        Assert.Equal(("dev.knative.cronjob.event", "default"), (type.Spec.Text("type"), type.Spec.Text("broker")));
        Assert.Equal(source.Uid, type.Controller!.Uid);
    }

    [Theory]
    [InlineData("0 * * * * *")]
    [InlineData("0 0 * * 8")]
    public async Task CronJobSource_ScheduleWrong_IsNotValid(string cron)
    {
        var ns = await house.Namespace();
        await house.Apply(
            $$"""
            apiVersion: sources.eventing.knative.dev/v1alpha1
            kind: CronJobSource
            metadata: {name: old}
            spec: {schedule: "{{cron}}", sink: {uri: "http://example.com" } }
            """,
            ns);
        await house.Condition(
            $"apis/sources.eventing.knative.dev/v1alpha1/namespaces/{ns}/cronjobsources/old",
            "ValidSchedule", "False", "Invalid");
    }

    [Fact]
    public async Task SourcesOfOneName_OneIsDeleted_TheOtherStays()
    {
        var ns = await house.Namespace();
        await Apply(ns, "");
        await house.Apply(
            """
            apiVersion: sources.eventing.knative.dev/v1alpha1
            kind: CronJobSource
            metadata: {name: ping}
            spec: {schedule: "* * * * *", sink: {uri: "http://example.com"}}
            """,
            ns);
        var old = await house.Ready($"apis/sources.eventing.knative.dev/v1alpha1/namespaces/{ns}/cronjobsources/ping");
        var ping = await house.Ready(Ping(ns));
        await house.Delete(Ping(ns));
        await Eventually.True(async () => (await Entries(ping)).Schedule is null, "the PingSource is out");
        Assert.Equal(EgressState.Active, (await Entries(old)).Egress!.State);
    }

    [Fact]
    public async Task Lane_OfTicks_KnowsAMessageIdForTenMinutes()
    {
        await Eventually.True(
            async () => await house.Bus.Administration.QueueExistsAsync("eventing-sources"), "the lane is there");
        QueueProperties lane = await house.Bus.Administration.GetQueueAsync("eventing-sources");
        Assert.True(lane.RequiresDuplicateDetection);
        Assert.Equal(TimeSpan.FromMinutes(10), lane.DuplicateDetectionHistoryTimeWindow);
    }

    private static string Ping(string ns) => $"apis/sources.knative.dev/v1/namespaces/{ns}/pingsources/ping";

    private Task Apply(string ns, string fields) => house.Apply(
        $$$"""
        apiVersion: sources.knative.dev/v1
        kind: PingSource
        metadata: {name: ping}
        spec: { {{{fields}}}sink: {uri: "http://example.com"}}
        """,
        ns);

    private async Task<(Schedule? Schedule, Egress? Egress)> Entries(Resource source)
    {
        var table = await house.Table();
        return (
            table.Schedules.FirstOrDefault(schedule => schedule.Uid == source.Uid),
            table.Egresses.FirstOrDefault(egress => egress.Uid == source.Uid));
    }
}
