// One reconcile of one object: the object, its conditions, and the rest of the status being written.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>What a reconciler reads and fills in. The status is written anew: what is not set is gone.</summary>
public sealed class Reconcile(Resource resource, Conditions conditions)
{
    private readonly HashSet<ObjectRef> _references = [];
    private readonly List<(string Reason, string Message)> _announcements = [];

    public Resource Object { get; } = resource;

    public Conditions Conditions { get; } = conditions;

    /// <summary>Fields of the status beside conditions and observedGeneration.</summary>
    public JsonObject Status { get; } = [];

    /// <summary>Objects whose change must wake this one.</summary>
    public IReadOnlyCollection<ObjectRef> References => _references;

    /// <summary>What is to be told in a Kubernetes Event beside turns of Ready.</summary>
    public IReadOnlyList<(string Reason, string Message)> Announcements => _announcements;

    public void Announce(string reason, string message) => _announcements.Add((reason, message));

    public void RefersTo(ObjectRef target) => _references.Add(target);

    public JsonObject ToStatus()
    {
        var status = (JsonObject)Status.DeepClone();
        status["observedGeneration"] = Object.Generation;
        status["conditions"] = Conditions.ToJson();
        return status;
    }
}
