// Finds the HTTP function that a request is for: the most specific route wins, whatever order they were read in.
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Options;
using ServerlessEventing.Local.FunctionsHost.App;

namespace ServerlessEventing.Local.FunctionsHost.Http;

/// <summary>The app's HTTP routes, each under the route prefix, most specific first.</summary>
internal sealed class HttpRoutes
{
    private readonly Route[] routes;

    public HttpRoutes(FunctionApp app)
    {
        var options = new RouteOptions();
        // The real host knows regex constraints; a slim builder leaves them out.
        options.SetParameterPolicy<RegexInlineRouteConstraint>("regex");
        var constraints = new DefaultInlineConstraintResolver(Options.Create(options), new NoServices());
        routes =
        [
            .. app.Functions
                .Where(function => function.Trigger is HttpTrigger)
                .Select(function => new Route(function.Name, (HttpTrigger)function.Trigger, app.Host, constraints))
                .OrderBy(route => route.Precedence),
        ];
    }

    /// <summary>
    /// The function's name, or null. A route that matches but does not list the method is passed over, so that the
    /// answer in the end is 404 and never 405, as the real host's is.
    /// </summary>
    public string? Find(HttpContext context)
    {
        foreach (var route in routes)
        {
            if (route.Matches(context))
            {
                return route.Function;
            }
        }

        return null;
    }

    /// <summary>The constraints that the framework brings need no service.</summary>
    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }

    private sealed class Route
    {
        private readonly IReadOnlyList<string> methods;
        private readonly TemplateMatcher matcher;
        private readonly List<(string Key, IRouteConstraint Constraint)> constraints = [];

        public Route(string function, HttpTrigger trigger, HostSettings host, IInlineConstraintResolver resolver)
        {
            Function = function;
            methods = trigger.Methods;
            var text = host.RoutePrefix.Length == 0 ? trigger.Route : $"{host.RoutePrefix}/{trigger.Route}";
            var template = TemplateParser.Parse(text);
            var defaults = new RouteValueDictionary();
            foreach (var part in template.Parameters)
            {
                if (part.DefaultValue is not null)
                {
                    defaults[part.Name!] = part.DefaultValue;
                }

                foreach (var inline in part.InlineConstraints)
                {
                    if (resolver.ResolveConstraint(inline.Constraint) is { } constraint)
                    {
                        constraints.Add((part.Name!, constraint));
                    }
                }
            }

            Precedence = RoutePrecedence.ComputeInbound(template);
            matcher = new(template, defaults);
        }

        public string Function { get; }

        public decimal Precedence { get; }

        public bool Matches(HttpContext context)
        {
            if (methods.Count > 0 && !methods.Contains(context.Request.Method))
            {
                return false;
            }

            var values = new RouteValueDictionary();
            return matcher.TryMatch(context.Request.Path, values)
                && constraints.TrueForAll(item => item.Constraint.Match(
                    context, route: null, item.Key, values, RouteDirection.IncomingRequest));
        }
    }
}
