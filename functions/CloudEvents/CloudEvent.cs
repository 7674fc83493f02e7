// An event on its way through: attributes as canonical text, data as the bytes that came.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using ServerlessEventing.Contract.Filters;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// A CloudEvent whose attributes passed <see cref="AttributeRules"/>. Owned by the one request or message it came
/// with; <see cref="Set"/> is how TTL and arrival time are added.
/// </summary>
internal sealed class CloudEvent : IEventAttributes
{
    private readonly List<EventAttribute> attributes;

    private CloudEvent(List<EventAttribute> attributes, ReadOnlyMemory<byte> data)
    {
        this.attributes = attributes;
        Data = data;
    }

    /// <summary>Every attribute once, <c>datacontenttype</c> among them.</summary>
    public ReadOnlySpan<EventAttribute> Attributes => CollectionsMarshal.AsSpan(attributes);

    /// <summary>The data, never parsed; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    public string? DataContentType => this[AttributeName.DataContentType];

    public string? this[AttributeName name]
    {
        get
        {
            var index = IndexOf(name.Text);
            return index < 0 ? null : attributes[index].Text;
        }
    }

    /// <summary>Makes an event of attributes that were each checked as they were read.</summary>
    public static bool TryCreate(
        List<EventAttribute> attributes,
        ReadOnlyMemory<byte> data,
        [NotNullWhen(true)] out CloudEvent? cloudEvent,
        [NotNullWhen(false)] out EventFault? fault)
    {
        cloudEvent = null;
        fault = AttributeRules.FaultOfAll(CollectionsMarshal.AsSpan(attributes));
        if (fault is not null)
        {
            return false;
        }

        cloudEvent = new CloudEvent(attributes, data);
        return true;
    }

    /// <inheritdoc/>
    public bool TryGet(string name, out ReadOnlySpan<char> value)
    {
        var index = IndexOf(name);
        value = index < 0 ? default : attributes[index].Text;
        return index >= 0;
    }

    /// <summary>Adds or replaces an attribute; the text is one of ours and known to be valid.</summary>
    public void Set(AttributeName name, string text)
    {
        var index = IndexOf(name.Text);
        if (index < 0)
        {
            attributes.Add(new(name, text));
        }
        else
        {
            attributes[index] = new(name, text);
        }
    }

    /// <summary>The same event with attributes of its own to change; the data is shared.</summary>
    public CloudEvent Copy() => new([.. attributes], Data);

    private int IndexOf(string name)
    {
        var all = CollectionsMarshal.AsSpan(attributes);
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i].Name.Text == name)
            {
                return i;
            }
        }

        return -1;
    }
}
