// Reads one function.json: its bindings, checked against what this host can run.
using System.Globalization;
using System.Text.Json;
using ServerlessEventing.Local.FunctionsHost.Timers;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Local.FunctionsHost.App;

/// <summary>The reader of one <c>function.json</c>; what is wrong goes to the list it was given.</summary>
internal sealed class FunctionFile(string file, HostSettings host, AppSettings settings, List<AppProblem> problems)
{
    private static readonly string[] KnownTriggers = ["httpTrigger", "serviceBusTrigger", "timerTrigger"];

    /// <summary>The function's trigger; null when the function is disabled or wrong.</summary>
    public FunctionTrigger? Read(JsonElement function, string name)
    {
        if (function.ValueKind != JsonValueKind.Object
            || !function.TryGetProperty("bindings", out var list)
            || list.ValueKind != JsonValueKind.Array)
        {
            return Fault("bindings", "is missing.", "Write \"bindings\": [ … ] with one trigger in it.");
        }

        if (function.TryGetProperty("disabled", out var disabled) && disabled.ValueKind == JsonValueKind.True)
        {
            return null;
        }

        var bindings = list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object).ToList();
        var triggers = bindings.Where(binding => KnownTriggers.Contains(Text(binding, "type"))).ToList();
        if (triggers.Count != 1)
        {
            return Fault("bindings", $"holds {triggers.Count} triggers that this host knows.",
                $"Give {name} exactly one of {string.Join(", ", KnownTriggers)}.");
        }

        var trigger = triggers[0];
        if (Text(trigger, "name") is not { Length: > 0 } binding)
        {
            return Fault("bindings.name", "is missing.", "Name the trigger's binding.");
        }

        var others = bindings.Where(item => Text(item, "type") != Text(trigger, "type")).ToList();
        return Text(trigger, "type") switch
        {
            "httpTrigger" => Http(trigger, binding, name, others),
            _ when others.Count > 0 => Fault("bindings",
                $"holds a {Text(others[0], "type")} beside the trigger.",
                "This host runs Service Bus and timer functions with no other binding: publish from the handler."),
            "serviceBusTrigger" => ServiceBus(trigger, binding),
            _ => Timer(function, trigger, binding),
        };
    }

    private FunctionTrigger? Http(JsonElement trigger, string binding, string name, List<JsonElement> others)
    {
        if (others.Count != 1 || Text(others[0], "type") != "http")
        {
            return Fault("bindings", "is not one httpTrigger in and one http out.",
                "Only such a function is proxied; this host has no other way to run an HTTP function.");
        }

        if (!host.Handler.ProxyHttp)
        {
            problems.Add(new("host.json", "customHandler.enableProxyingHttpRequest", $"is off, and {name} is HTTP.",
                "Set it to true: the other modes lose or refuse chunked request bodies."));
            return null;
        }

        if (!string.Equals(Text(trigger, "authLevel"), "anonymous", StringComparison.OrdinalIgnoreCase))
        {
            return Fault("bindings.authLevel", "is not \"anonymous\".", "This host keeps no keys: say \"anonymous\".");
        }

        var methods = trigger.TryGetProperty("methods", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(method => method.ToString().ToUpperInvariant()).ToList()
            : [];
        return new HttpTrigger(binding) { Route = (Text(trigger, "route") ?? name).Trim('/'), Methods = methods };
    }

    private FunctionTrigger? ServiceBus(JsonElement trigger, string binding)
    {
        var before = problems.Count;
        var queue = Expanded(trigger, "queueName");
        var topic = Expanded(trigger, "topicName");
        var subscription = Expanded(trigger, "subscriptionName");
        if (queue is null == topic is null || topic is null != subscription is null)
        {
            Fault("bindings.queueName", "must be the only source.",
                "Give queueName, or topicName with subscriptionName.");
        }

        Refuse(trigger, "cardinality", "one", "This host runs one message an invocation.");
        var dataType = Text(trigger, "dataType") ?? "string";
        if (dataType is not ("binary" or "string"))
        {
            Fault("bindings.dataType", $"is \"{dataType}\".", "Write \"binary\" (the exact bytes) or \"string\".");
        }

        if (trigger.TryGetProperty("isSessionsEnabled", out var sessions) && sessions.ValueKind == JsonValueKind.True)
        {
            Fault("bindings.isSessionsEnabled", "is true.", "This host does not receive sessions.");
        }

        var connection = Connection(Expanded(trigger, "connection") ?? "AzureWebJobsServiceBus");
        return problems.Count > before ? null : new ServiceBusTrigger(binding)
        {
            EntityName = queue ?? topic!,
            SubscriptionName = subscription,
            ConnectionString = connection!,
            Binary = dataType == "binary",
            AutoComplete = trigger.TryGetProperty("autoCompleteMessages", out var auto)
                ? auto.ValueKind == JsonValueKind.True
                : host.ServiceBus.AutoCompleteMessages,
        };
    }

    /// <summary>
    /// The connection string, or the namespace and identity, behind a setting's name; the real host tries
    /// AzureWebJobs{name} first too.
    /// </summary>
    private string? Connection(string name)
    {
        var value = ServiceBusConnectionSetting.From("AzureWebJobs" + name, settings.Find)
            ?? ServiceBusConnectionSetting.From(name, settings.Find);
        if (value is null)
        {
            Fault("bindings.connection", $"names the app setting {name}, which is not set.",
                $"Set {name} to a Service Bus connection string, or {name}__fullyQualifiedNamespace to a host name.");
        }

        return value;
    }

    private FunctionTrigger? Timer(JsonElement function, JsonElement trigger, string binding)
    {
        var before = problems.Count;
        var text = Expanded(trigger, "schedule");
        TimerSchedule? schedule = null;
        if (text is null)
        {
            Fault("bindings.schedule", "is missing.", "Write an NCRONTAB expression or a time span.");
        }
        else if (!TimerSchedule.TryParse(text, out schedule, out var why))
        {
            Fault("bindings.schedule", $"is \"{text}\": {why}",
                "Write five or six fields, such as \"0 */5 * * * *\", or a time span.");
        }

        var retry = function.TryGetProperty("retry", out var policy) ? Retry(policy) : null;
        return problems.Count > before ? null : new TimerTrigger(binding)
        {
            Schedule = schedule!,
            RunOnStartup = trigger.TryGetProperty("runOnStartup", out var start)
                && start.ValueKind == JsonValueKind.True,
            UseMonitor = !trigger.TryGetProperty("useMonitor", out var monitor)
                || monitor.ValueKind != JsonValueKind.False,
            Retry = retry,
        };
    }

    private RetryPolicy? Retry(JsonElement policy)
    {
        var fixedDelay = Text(policy, "strategy") == "fixedDelay";
        var first = Span(policy, fixedDelay ? "delayInterval" : "minimumInterval");
        var longest = fixedDelay ? first : Span(policy, "maximumInterval");
        if (!policy.TryGetProperty("maxRetryCount", out var most) || !most.TryGetInt32(out var count))
        {
            Fault("retry.maxRetryCount", "is missing.", "Write a whole number; -1 for no end.");
            count = 0;
        }

        return new RetryPolicy { MaxRetryCount = count, FirstDelay = first, LongestDelay = longest };
    }

    private TimeSpan Span(JsonElement policy, string property)
    {
        if (!TimeSpan.TryParse(Text(policy, property), CultureInfo.InvariantCulture, out var span))
        {
            Fault("retry." + property, "is not a time span.", "Write hours, minutes and seconds: \"00:00:05\".");
        }

        return span;
    }

    private void Refuse(JsonElement binding, string property, string only, string why)
    {
        if (Text(binding, property) is { } value && value != only)
        {
            Fault("bindings." + property, $"is \"{value}\".", $"{why} Write \"{only}\".");
        }
    }

    private string? Expanded(JsonElement binding, string property)
    {
        if (Text(binding, property) is not { Length: > 0 } text)
        {
            return null;
        }

        var expanded = settings.Expand(text, out var missing);
        if (missing is not null)
        {
            Fault("bindings." + property, $"names the app setting %{missing}%, which is not set.", $"Set {missing}.");
        }

        return expanded;
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private FunctionTrigger? Fault(string property, string what, string mend)
    {
        problems.Add(new(file, property, what, mend));
        return null;
    }
}
