// `eventing servicebus`: the Service Bus emulator alone, and a look into a bus.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ServerlessEventing.Cli.Bus;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the emulator until Ctrl+C; list, peek and purge look into one that runs, or into Azure.</summary>
internal static class ServiceBusCommand
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder for entities and messages",
        DefaultValueFactory = _ => Path.Combine(".eventing", "servicebus"),
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "AMQP port",
        DefaultValueFactory = _ => 5672,
    };

    private static readonly Option<IPAddress> Listen = new("--listen")
    {
        Description = "Address to listen on; 0.0.0.0 in a container, where the network in front of it is trusted",
        CustomParser = ReadAddress,
        DefaultValueFactory = _ => IPAddress.Loopback,
    };

    private static readonly Option<string?> Config = new("--config")
    {
        Description = "config.json of the official emulator; entities that are not there yet are created",
    };

    private static readonly Option<string?> Key = new("--key")
    {
        Description = "The key of RootManageSharedAccessKey (default: SAS_KEY_VALUE, as in the official emulator)",
    };

    private static readonly Option<string[]> AccessRules = new("--access-rule")
    {
        Description = "A further key: name=key:send,listen or manage; may be given several times",
    };

    private static readonly Option<string?> CertificateFile = new("--certificate")
    {
        Description = "PEM certificate: both ports then speak TLS (amqps, https, wss)",
    };

    private static readonly Option<string?> CertificateKey = new("--certificate-key")
    {
        Description = "PEM private key of the certificate, when it is not in the same file",
    };

    private static readonly Option<bool> NoAuth = new("--no-auth") { Description = "Take any token, or none" };

    private static readonly Option<string?> QuirksOf = new("--quirks")
    {
        Description = "azure: throttling, late forwards, unpunctual schedules and more, where Azure promises little",
    };

    private static readonly Option<int> Seed = new("--seed")
    {
        Description = "Seed of the quirks",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Argument<string> Entity = new("entity")
    {
        Description = "queue, topic/Subscriptions/name, each with /$DeadLetterQueue for its dead letters",
    };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "The most to show",
        DefaultValueFactory = _ => 100,
    };

    private static readonly Option<bool> Yes = new("--yes")
    {
        Description = "Delete without the emulator's name on the connection",
    };

    public static Command Create()
    {
        var command = new Command(
            "servicebus",
            """
            Run the Service Bus emulator alone, until Ctrl+C; or look into a bus that runs.

            Examples:
              eventing servicebus
              eventing servicebus --data ./bus --port 15672 --admin-port 15300
              eventing servicebus --config config.json --quirks azure
              eventing servicebus list
              eventing servicebus peek orders/$DeadLetterQueue
            """)
        {
            Data, Port, BusConnection.ManagementPort, Listen, Config, Key, AccessRules, CertificateFile,
            CertificateKey, NoAuth, QuirksOf, Seed, HouseArguments.Verbose,
            CreateList(), CreatePeek(), CreatePurge(),
        };
        QuirksOf.AcceptOnlyFromAmong("azure");
        command.SetAction(RunAsync);
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command("list", "List queues and bus subscriptions with their numbers of messages")
        {
            BusConnection.Connection, BusConnection.ManagementPort,
        };
        command.SetAction((result, cancellationToken) =>
            BusConnection.RunAsync(() => BusContents.ListAsync(new BusConnection(result), cancellationToken)));
        return command;
    }

    private static Command CreatePeek()
    {
        var command = new Command("peek", "Show messages without taking them")
        {
            Entity, BusConnection.Connection, Limit,
        };
        command.SetAction((result, cancellationToken) => BusConnection.RunAsync(() => BusContents.PeekAsync(
            new BusConnection(result), result.GetValue(Entity)!, result.GetValue(Limit), cancellationToken)));
        return command;
    }

    private static Command CreatePurge()
    {
        var command = new Command("purge", "Delete all messages of an entity that are ready to be received")
        {
            Entity, BusConnection.Connection, Yes,
        };
        command.SetAction((result, cancellationToken) => BusConnection.RunAsync(() =>
        {
            var bus = new BusConnection(result);
            return bus.IsEmulator || result.GetValue(Yes)
                ? BusContents.PurgeAsync(bus, result.GetValue(Entity)!, cancellationToken)
                : throw new CommandException("This is no emulator. To delete messages of a real bus, add --yes.");
        }));
        return command;
    }

    private static IPAddress? ReadAddress(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (!IPAddress.TryParse(text, out var address))
        {
            argument.AddError($"--listen is '{text}'; it must be an IP address, like 0.0.0.0.");
        }

        return address;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        using var certificate = ReadCertificate(result);
        using var logger = HouseArguments.CreateLogger(result.GetValue(HouseArguments.Verbose));
        var options = new ServiceBusEmulatorOptions
        {
            DataFolder = result.GetValue(Data)!,
            Address = result.GetValue(Listen)!,
            AmqpPort = result.GetValue(Port),
            ManagementPort = result.GetValue(BusConnection.ManagementPort),
            ConfigFile = result.GetValue(Config),
            AccessRules = [.. (result.GetValue(AccessRules) ?? []).Select(ReadRule)],
            Certificate = certificate,
            NoAuth = result.GetValue(NoAuth),
            Quirks = result.GetValue(QuirksOf) is null ? null : new AzureQuirks { Seed = result.GetValue(Seed) },
            LoggerFactory = logger,
        };
        if (result.GetValue(Key) is { Length: > 0 } key)
        {
            options = options with { Key = key };
        }

        await using var emulator = await HouseArguments.StartPartAsync(
            () => ServiceBusEmulator.StartAsync(options, cancellationToken));
        var secure = certificate is null ? "" : "s";
        Terminal.Row("Service Bus", $"amqp{secure}://localhost:{emulator.AmqpPort}");
        Terminal.Row("Management", $"http{secure}://localhost:{emulator.ManagementPort}");
        Terminal.Row("Connection string", emulator.ConnectionString);
        await Stopping.WaitAsync(cancellationToken);
        return 0;
    }

    private static AccessRule ReadRule(string text) => AccessRule.TryParse(text, out var rule)
        ? rule
        : throw new CommandException(
            "--access-rule wants name=key:rights, with one or more of send, listen and manage for rights.");

    private static X509Certificate2? ReadCertificate(ParseResult result)
    {
        if (result.GetValue(CertificateFile) is not { } file)
        {
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(file, result.GetValue(CertificateKey));
        }
        catch (Exception problem)
            when (problem is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CommandException(
                $"The certificate {file} cannot be used: {problem.Message} It must be PEM, with its private key in " +
                "the same file or in the one of --certificate-key.");
        }
    }
}
