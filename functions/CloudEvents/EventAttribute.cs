// One attribute of an event: its name and its canonical text.
namespace ServerlessEventing.Functions.CloudEvents;

internal readonly record struct EventAttribute(AttributeName Name, string Text);
