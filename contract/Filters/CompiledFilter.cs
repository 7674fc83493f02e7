// A filter ready to run: built once per routing table, asked once per event.
namespace ServerlessEventing.Contract.Filters;

/// <summary>A filter ready to run. Built by <see cref="FilterCompiler"/>; asking it allocates nothing.</summary>
public abstract class CompiledFilter
{
    private protected CompiledFilter()
    {
    }

    /// <summary>The filter of a Trigger without filters.</summary>
    public static CompiledFilter PassesEverything { get; } = new AllFilter([]);

    /// <summary>Whether the event passes.</summary>
    public abstract bool Passes(IEventAttributes attributes);
}

/// <summary>One attribute and the text it is compared with.</summary>
internal readonly record struct AttributeText(string Name, string Text);
