// The data plane of a test: emulator, routing table file and function app, behind one of the doors.
using System.Net;
using System.Net.Http.Headers;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.House;

/// <summary>Started once a test class; each test makes Brokers of its own in it.</summary>
public abstract class FunctionsHouse(bool pump, AzureQuirks? quirks = null) : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private readonly List<Contract.Routing.Ingress> ingresses = [];
    private readonly List<Egress> egresses = [];
    private readonly List<Schedule> schedules = [];
    private CancellationTokenSource stop = new();
    private Pressure pressure = new();
    private long generation = 1;
    private bool together;
    private TestBus? bus;
    private RecordedHost? host;
    private Task<int> running = Task.FromResult(0);

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort.Next()}/");

    public bool Pump => pump;

    internal TestBus Bus => bus!;

    /// <summary>Host door: what a host that is killed before it completes a message would deliver again.</summary>
    internal Predicate<ServiceBusReceivedMessage> Forgets { get; set; } = _ => false;

    internal HttpClient Http { get; } = new();

    internal string TableFile => folder["routing.json"];

    public async ValueTask InitializeAsync()
    {
        bus = await TestBus.StartAsync(quirks);
        WriteTable();
        await StartAsync();
    }

    /// <summary>Starts the function app, and the host in front of it.</summary>
    internal async Task StartAsync()
    {
        stop = new();
        running = StartFunctions(TableFile, Address.Port);
        await Eventually.Passes(async () =>
        {
            Assert.False(running.IsCompleted, "the function app ended");
            using var ready = await Http.GetAsync(new Uri(Address, "readyz"));
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        });
        host = pump ? null : await RecordedHost.StartAsync(Bus.Client, Address, message => Forgets(message));
    }

    /// <summary>Stops the function app, and the host in front of it; the bus goes on.</summary>
    internal async Task StopAsync()
    {
        if (stop.IsCancellationRequested)
        {
            return;
        }

        await (host?.DisposeAsync() ?? default);
        host = null;
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await StopAsync();
        await (bus?.DisposeAsync() ?? default);
        Http.Dispose();
        folder.Dispose();
    }

    /// <summary>Runs a function app in this process until the house ends.</summary>
    internal Task<int> StartFunctions(string table, int port) => FunctionsApplication.RunAsync(
        [
            $"--ServiceBusConnection={Bus.ConnectionString}",
            $"--RoutingTable={table}",
            $"--EVENTING_DOOR={(pump ? "pump" : "host")}",
            $"--EVENTING_PORT={port}",
            "--EVENTING_ALLOW_LOOPBACK=true",
            $"--FUNCTIONS_CUSTOMHANDLER_PORT={port}",
            "--Logging:LogLevel:Default=Warning",
        ],
        stop.Token);

    /// <summary>A Broker in namespace <c>ns</c>, with its trigger topic and its reply topic.</summary>
    internal Task<string> AddBrokerAsync(params string[] hosts) => AddBrokerAsync(dropsDuplicates: false, hosts);

    /// <summary>A Broker that drops an event it has seen before, or one that does not.</summary>
    internal async Task<string> AddBrokerAsync(bool dropsDuplicates, params string[] hosts)
    {
        var name = "b" + Guid.NewGuid().ToString("N")[..8];
        await Bus.AddTopicAsync(Topic(name), dropsDuplicates);
        await Bus.AddTopicAsync(ReplyTopic(name), duplicateDetection: true);
        await Bus.ForwardAsync(ReplyTopic(name), Topic(name));
        ingresses.Add(new()
        {
            Uid = name,
            Kind = IngressKind.Broker,
            Namespace = "ns",
            Name = name,
            Path = Addresses.BrokerPath("ns", name),
            Hosts = [Addresses.BrokerHost("ns", name), .. hosts],
            Topic = Topic(name),
            DropsDuplicates = dropsDuplicates,
            Lanes = [EntityNames.TriggersLane],
        });
        await PublishTableAsync();
        return name;
    }

    /// <summary>A Channel in namespace <c>ns</c>.</summary>
    internal async Task<string> AddChannelAsync()
    {
        var name = "c" + Guid.NewGuid().ToString("N")[..8];
        await Bus.AddTopicAsync(ChannelTopic(name));
        ingresses.Add(new()
        {
            Uid = name,
            Kind = IngressKind.Channel,
            Namespace = "ns",
            Name = name,
            Path = Addresses.ChannelPath("ns", name),
            Hosts = [Addresses.ChannelHost("ns", name)],
            Topic = ChannelTopic(name),
            Lanes = [EntityNames.SubscriptionsLane],
        });
        await PublishTableAsync();
        return name;
    }

    /// <summary>A Subscription of a Channel; <paramref name="change"/> finishes the egress.</summary>
    internal Task<Egress> AddSubscriptionAsync(
        string channel, Uri? subscriber, Func<Egress, Egress>? change = null) => AddAsync(
        ChannelTopic(channel),
        egress =>
        {
            egress = egress with
            {
                Kind = EgressKind.Subscription,
                Lane = EntityNames.SubscriptionsLane,
                Destination = subscriber is null ? null : new() { Uri = subscriber.ToString() },
            };
            return change?.Invoke(egress) ?? egress;
        },
        null);

    /// <summary>A Trigger of a Broker; <paramref name="change"/> finishes the egress.</summary>
    internal Task<Egress> AddTriggerAsync(
        string broker, Uri? subscriber, Func<Egress, Egress>? change = null, RuleFilter? rule = null) => AddAsync(
        Topic(broker),
        egress =>
        {
            egress = egress with
            {
                Destination = subscriber is null ? null : new() { Uri = subscriber.ToString() },
                Reply = new() { Uri = $"http://{broker}", Topic = ReplyTopic(broker) },
            };
            return change?.Invoke(egress) ?? egress;
        },
        rule);

    private async Task<Egress> AddAsync(string topic, Func<Egress, Egress> change, RuleFilter? rule)
    {
        var uid = Guid.NewGuid().ToString();
        var egress = change(new()
        {
            Uid = uid,
            Kind = EgressKind.Trigger,
            Namespace = "ns",
            Name = "t-" + uid[..8],
            Lane = EntityNames.TriggersLane,
        });
        egresses.Add(egress);
        await PublishTableAsync();
        await (egress.Dedicated is { } own
            ? Bus.AddOwnAsync(own, egress.Lane)
            : Bus.AddEgressAsync(topic, uid, egress.Lane, generation, rule));
        return egress;
    }

    /// <summary>A Trigger whose bus subscription only the deployment of its group reads.</summary>
    internal Task<Egress> AddDedicatedAsync(
        string broker, Uri subscriber, string group, bool ordered = false, Func<Egress, Egress>? change = null) =>
        AddTriggerAsync(broker, subscriber, egress =>
        {
            egress = egress with
            {
                Lane = "eventing-" + egress.Name,
                Dedicated = new()
                {
                    Group = group,
                    Topic = Topic(broker),
                    Subscription = EntityNames.BusSubscription("own", egress.Uid),
                    Ordered = ordered,
                },
            };
            return change?.Invoke(egress) ?? egress;
        });

    /// <summary>The deployment of a group; null: one more of those that empty the shared lanes.</summary>
    internal Task<FunctionsProcess> StartGroupAsync(string? group) =>
        FunctionsProcess.StartAsync(new Dictionary<string, string>
        {
            ["ServiceBusConnection"] = Bus.ConnectionString,
            ["RoutingTable"] = TableFile,
            ["EVENTING_DISPATCH_GROUP"] = group ?? "",
        });

    /// <summary>One more handler, for a host that gives it these variables.</summary>
    internal Task<FunctionsProcess> StartHandlerAsync(IReadOnlyDictionary<string, string> environment) =>
        FunctionsProcess.StartAsync(
            new Dictionary<string, string>(environment)
            {
                ["ServiceBusConnection"] = Bus.ConnectionString,
                ["RoutingTable"] = TableFile,
            },
            "host");

    /// <summary>A cron source and its path; <paramref name="change"/> finishes the schedule.</summary>
    internal async Task<(Schedule Schedule, Egress Egress)> AddSourceAsync(
        Destination sink, Func<Schedule, Schedule> change)
    {
        var uid = Guid.NewGuid().ToString();
        var schedule = change(new Schedule
        {
            Uid = uid,
            Generation = 1,
            Cron = "* * * * *",
            Since = TimeProvider.System.GetUtcNow(),
            Type = "dev.knative.sources.ping",
            Source = $"/apis/v1/namespaces/ns/pingsources/{uid[..8]}",
        });
        var egress = new Egress
        {
            Uid = uid,
            Kind = EgressKind.Source,
            Namespace = "ns",
            Name = uid[..8],
            Lane = EntityNames.SourcesLane,
            Destination = sink,
            Delivery = new() { Retry = 5, BackoffDelay = TimeSpan.FromMilliseconds(50) },
        };
        schedules.Add(schedule);
        egresses.Add(egress);
        await PublishTableAsync();
        return (schedule, egress);
    }

    /// <summary>Replaces a schedule in the table.</summary>
    internal Task ChangeAsync(Schedule schedule)
    {
        schedules.RemoveAll(other => other.Uid == schedule.Uid);
        schedules.Add(schedule);
        return PublishTableAsync();
    }

    /// <summary>Deletes a cron source: no schedule, and its egress drains.</summary>
    internal Task RemoveAsync(Schedule schedule, Egress egress)
    {
        schedules.Remove(schedule);
        return ChangeAsync(egress with { State = EgressState.Draining });
    }

    /// <summary>Replaces an egress in the table.</summary>
    internal Task ChangeAsync(Egress egress)
    {
        egresses.RemoveAll(other => other.Uid == egress.Uid);
        egresses.Add(egress);
        return PublishTableAsync();
    }

    /// <summary>The generation last published.</summary>
    internal long Generation => generation;

    internal Task RemoveAsync(Egress egress)
    {
        egresses.RemoveAll(other => other.Uid == egress.Uid);
        return PublishTableAsync();
    }

    /// <summary>The lanes under pressure from now on.</summary>
    internal Task PressAsync(params string[] lanes)
    {
        pressure = new() { Lanes = lanes, RetryAfterSeconds = 7 };
        return PublishTableAsync();
    }

    /// <summary>Posts an event in binary mode; the answer's status.</summary>
    internal async Task<HttpStatusCode> SendAsync(
        string broker, string id, string type = "com.example.FullEvent", params (string Name, string Value)[] headers)
    {
        using var request = Request($"ns/{broker}", id, type);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>A request as it reaches the handler: in the host door with what the host adds to a client's.</summary>
    internal HttpRequestMessage Request(string path, string id = "1", string type = "com.example.FullEvent")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path))
        {
            Content = new StringContent("{\"n\": 1.0}", new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("ce-specversion", "1.0");
        request.Headers.Add("ce-id", id);
        request.Headers.Add("ce-type", type);
        request.Headers.Add("ce-source", "/tests");
        if (!pump)
        {
            request.Headers.Add("x-ms-invocation-id", Guid.NewGuid().ToString());
            request.Headers.Add("X-Forwarded-For", "127.0.0.1");
            request.Headers.Add("X-Forwarded-Proto", "http");
        }

        return request;
    }

    internal static string Topic(string broker) => EntityNames.Topic("ns", broker + "-kn-trigger");

    internal static string ChannelTopic(string channel) => EntityNames.Topic("ns", channel);

    internal static string ReplyTopic(string broker) => EntityNames.Topic("ns", broker + "-kn-ingress");

    internal static IReadOnlyList<FilterExpression> TypeIs(string type) =>
        [new() { Exact = new Dictionary<string, string> { ["type"] = type } }];

    /// <summary>Makes several changes that come into force together, at the end.</summary>
    internal async Task TogetherAsync(Func<Task> changes)
    {
        together = true;
        await changes();
        together = false;
        await PublishTableAsync();
    }

    private async Task PublishTableAsync()
    {
        generation++;
        if (together)
        {
            return;
        }

        WriteTable();
        if (running.IsCompleted)
        {
            // Stopped: it reads the table when it starts again.
            return;
        }

        var shown = new Uri(Address, "readyz");
        await Eventually.True(
            async () =>
            {
                using var response = await Http.GetAsync(shown);
                return response.Headers.TryGetValues("X-Eventing-Generation", out var values)
                    && values.Single() == generation.ToString(System.Globalization.CultureInfo.InvariantCulture);
            },
            $"generation {generation} in force");
    }

    private void WriteTable()
    {
        var table = new RoutingTable
        {
            Generation = generation,
            Ingresses = [.. ingresses],
            Egresses = [.. egresses],
            Schedules = [.. schedules],
            Pressure = pressure,
        };
        var fresh = TableFile + ".new";
        File.WriteAllBytes(fresh, RoutingTableJson.Serialize(table));
        File.Move(fresh, TableFile, overwrite: true);
    }
}

/// <summary>Behind the Functions host's contract.</summary>
public sealed class HostHouse() : FunctionsHouse(pump: false);

/// <summary>With our own receivers.</summary>
public sealed class PumpHouse() : FunctionsHouse(pump: true);

/// <summary>Behind the Functions host's contract, on a bus with Azure's quirks.</summary>
public sealed class QuirkyHostHouse() : FunctionsHouse(pump: false, new AzureQuirks());

/// <summary>With our own receivers, on a bus with Azure's quirks.</summary>
public sealed class QuirkyPumpHouse() : FunctionsHouse(pump: true, new AzureQuirks());

/// <summary>Behind the Functions host's contract, on a bus that is too busy for any message.</summary>
public sealed class BusyHostHouse() : FunctionsHouse(pump: false, new AzureQuirks { ThrottledShare = 1 });

/// <summary>With our own receivers, on a bus that is too busy for any message.</summary>
public sealed class BusyPumpHouse() : FunctionsHouse(pump: true, new AzureQuirks { ThrottledShare = 1 });
