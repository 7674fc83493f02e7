// Says why a rule could not be applied to a message: mixed types, or a system property that does not exist.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>A well-formed filter or action that fails on one message; a filter that fails does not match.</summary>
public sealed class RuleEvaluationException(string message) : Exception(message);
