// A program that stands for an image in these tests: a real process that does as it is told.
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace ServerlessEventing.Local.Workloads.Tests;

/// <summary>
/// Serves what it was started with on PORT. `crash N` ends at once with that code, `silent` listens to nothing,
/// `lines N` writes so many, `unready` refuses its readiness probe until asked for /open.
/// </summary>
internal static class Container
{
    public const string Verb = "container";

    public static async Task<int> RunAsync(string[] args)
    {
        Console.WriteLine($"started with {string.Join(' ', args)}");
        switch (args)
        {
            case ["crash", var code]:
                await Console.Error.WriteLineAsync("told to crash");
                return int.Parse(code);
            case ["lines", var count]:
                for (var line = 0; line < int.Parse(count); line++)
                {
                    Console.WriteLine($"line {line}");
                }

                break;
        }

        await using var app = args is ["silent", ..] ? null : await ServeAsync(args);
        // Its lifetime has taken SIGTERM over: told to stop, it stops. Reading the console blocks.
        var told = app?.WaitForShutdownAsync() ?? new TaskCompletionSource().Task;
        await Task.WhenAny(told, Task.Run(Console.In.ReadToEnd));
        return 0;
    }

    private static async Task<WebApplication> ServeAsync(string[] args)
    {
        var open = args is not ["unready", ..];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!)));
        var app = builder.Build();
        app.Run(async context =>
        {
            switch (context.Request.Path.Value)
            {
                case "/open":
                    open = true;
                    break;
                case "/exit":
                    Environment.Exit(7);
                    break;
                case "/ready":
                    context.Response.StatusCode = open ? 200 : 503;
                    break;
                default:
                    await context.Response.WriteAsync(JsonSerializer.Serialize(
                        new Started(args, Environment.GetEnvironmentVariables().Keys.Cast<string>()
                            .ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name)!))));
                    break;
            }
        });
        await app.StartAsync();
        return app;
    }
}

/// <summary>What the container says it was started with.</summary>
internal sealed record Started(string[] Args, Dictionary<string, string> Env);
