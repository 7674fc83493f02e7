# The operator, and the adapters it starts (same image, other arguments).
#   docker build -f infra/docker/operator.Dockerfile -t serverless-eventing/operator:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY . .
RUN dotnet publish operator -c Release -o /out

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
LABEL org.opencontainers.image.title="serverless-eventing operator" \
      org.opencontainers.image.description="Turns Knative Eventing objects into Service Bus entities and a routing table" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Serverless Eventing" \
      org.opencontainers.image.version="0.1.0"
# PORT: where an adapter shows that it watches; the operator itself is at 8090.
ENV DOTNET_EnableDiagnostics=0 \
    DOTNET_gcServer=0 \
    PORT=8091
COPY --from=build /out /app
USER 1654
EXPOSE 8090
HEALTHCHECK --interval=20s --start-period=60s \
    CMD ["dotnet", "/app/ServerlessEventing.Operator.dll", "--probe", "http://127.0.0.1:8090/healthz", "tcp://127.0.0.1:8091"]
ENTRYPOINT ["dotnet", "/app/ServerlessEventing.Operator.dll"]
