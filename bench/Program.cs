// The benches: `e2e` and whatever comes beside it; each verb is one file in Verbs/.
using System.CommandLine;
using ServerlessEventing.Bench.Verbs;

var root = new RootCommand("Measures Serverless Eventing beside controls; only the ratios mean something.")
{
    E2eVerb.Create(),
    LatencyVerb.Create(),
    TriggersVerb.Create(),
    FiltersVerb.Create(),
    ServiceBusVerb.Create(),
    ControlVerb.Create(),
};
return await root.Parse(args).InvokeAsync();
