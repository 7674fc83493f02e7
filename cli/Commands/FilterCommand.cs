// `eventing filter`: whether an event passes a filter, why not, and the rule the filter becomes on the bus.
using System.CommandLine;
using System.Text;
using ServerlessEventing.Cli.Filters;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Tries a filter without a house: exit 0 passes, 1 does not, 2 the filter is wrong.</summary>
internal static class FilterCommand
{
    private const int DoesNotPass = 1;
    private const int FilterIsWrong = 2;
    private const int MaxShown = 2000;

    private static readonly Option<string?> CeSql = new("--cesql") { Description = "CloudEvents SQL expression" };

    private static readonly Option<string?> Filters = new("--filters")
    {
        Description = "File with filters, YAML or JSON: a list, one filter, or an object with \"filters\"",
    };

    private static readonly Option<string?> Trigger = new("--trigger") { Description = "Manifest with one Trigger" };

    private static readonly Option<string?> Event = new("--event")
    {
        Description = "File with a CloudEvent in JSON; its data is not looked at",
    };

    private static readonly Option<string[]> Attributes = new("--attribute", "-a")
    {
        Description = "Attribute of the event, name=value; may be given more than once",
    };

    private static readonly Option<bool> JsonLines = new("--stdin-jsonl")
    {
        Description = "Answer each JSON line of stdin, {\"expression\": …, \"event\": {…}} or {\"filters\": […], …}",
    };

    public static Command Create()
    {
        var command = new Command(
            "filter",
            """
            Try a filter on an event, and see the Service Bus rule it becomes.

            Examples:
              eventing filter --cesql "type LIKE 'com.example.%'" -a type=com.example.order
              eventing filter --trigger trigger.yaml --event event.json
              eventing filter --filters filters.yaml
              eventing filter --stdin-jsonl < questions.jsonl
            """)
        {
            CeSql, Filters, Trigger, Event, Attributes, JsonLines,
        };
        command.Validators.Add(result =>
        {
            var given = new[] { result.GetValue(CeSql), result.GetValue(Filters), result.GetValue(Trigger) }
                .Count(value => value is not null) + (result.GetValue(JsonLines) ? 1 : 0);
            if (given != 1)
            {
                result.AddError("give one of --cesql, --filters, --trigger and --stdin-jsonl");
            }
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (result.GetValue(JsonLines))
        {
            using var input = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
            await LineAnswers.WriteAsync(input, Console.Out, FilterLines.Answer, cancellationToken);
            return 0;
        }

        if (result.GetValue(CeSql) is { } text)
        {
            var parsing = CeSqlExpression.Parse(text);
            return parsing.Succeeded
                ? await ShowAsync(FilterSource.OfExpression(text), result, cancellationToken)
                : await RefuseExpressionAsync(text, parsing.Error);
        }

        var filters = result.GetValue(Trigger) is { } manifest
            ? FilterSource.OfTrigger(manifest)
            : FilterSource.OfFile(result.GetValue(Filters)!);
        return filters.IsValid
            ? await ShowAsync(filters.Filters, result, cancellationToken)
            : await RefuseAsync(filters.Message!);
    }

    private static async Task<int> ShowAsync(
        IReadOnlyList<FilterExpression> filters, ParseResult result, CancellationToken cancellationToken)
    {
        var compilation = FilterCompiler.Compile(filters);
        if (!compilation.Succeeded)
        {
            return await RefuseAsync(compilation.Error);
        }

        foreach (var warning in Warnings(filters))
        {
            await Console.Error.WriteLineAsync($"eventing: warning: {warning}");
        }

        var code = 0;
        var pairs = result.GetValue(Attributes) ?? [];
        if (result.GetValue(Event) is { } || pairs.Length > 0)
        {
            var attributes = await EventSource.ReadAsync(result.GetValue(Event), pairs, cancellationToken);
            var passes = compilation.Filter.Passes(attributes);
            code = passes ? 0 : DoesNotPass;
            Terminal.Line(passes ? Terminal.Good("The event passes.") : Terminal.Bad("The event does not pass."));
            foreach (var line in FilterExplanation.Explain(filters, attributes))
            {
                Terminal.Line(Describe(line));
            }
        }

        Terminal.Line($"Rule: {Describe(RuleCompiler.Compile(filters))}");
        return code;
    }

    private static string Describe(FilterLine line)
    {
        var verdict = line.Passes ? Terminal.Good("yes") : Terminal.Bad("no ");
        var text = line.Filter + (line.Reason is null ? "" : $": {line.Reason}");
        return $"{new string(' ', 2 * line.Depth + 2)}{verdict} {Terminal.Printable(text, MaxShown)}";
    }

    private static string Describe(BusRule rule)
    {
        if (rule.Sql is { } sql)
        {
            return $"SQL filter: {sql}";
        }

        return rule.Equal is null
            ? "matches everything; the function checks the filter"
            : "correlation filter: " + string.Join(", ", rule.Equal
                .Concat(rule.ContentType is { } type ? [KeyValuePair.Create("sys.ContentType", type)] : [])
                .Select(pair => $"{pair.Key} = '{pair.Value}'"));
    }

    private static IEnumerable<string> Warnings(IEnumerable<FilterExpression> filters) => filters.SelectMany(filter =>
        filter.CeSql is { } text ? CeSqlExpression.Parse(text).Expression?.Warnings ?? []
        : filter.Not is { } inner ? Warnings([inner])
        : Warnings([.. filter.All ?? [], .. filter.Any ?? []]));

    private static async Task<int> RefuseExpressionAsync(string text, CeSqlParseError error)
    {
        await RefuseAsync($"--cesql: {error}");
        if (text.Length <= MaxShown && text.All(letter => char.IsAscii(letter) && !char.IsControl(letter)))
        {
            await Console.Error.WriteLineAsync($"  {text}\n  {new string(' ', error.Position - 1)}^");
        }

        return FilterIsWrong;
    }

    private static async Task<int> RefuseAsync(string message)
    {
        await Console.Error.WriteLineAsync($"eventing: {Terminal.Printable(message, MaxShown)}");
        return FilterIsWrong;
    }
}
