# The functions through the pump door: no Functions host, one native binary, no shell.
#   docker build -f infra/docker/functions.Dockerfile -t serverless-eventing/functions:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
RUN apt-get update && apt-get install --yes --no-install-recommends clang zlib1g-dev
WORKDIR /src
COPY . .
RUN dotnet publish functions -c Release -r linux-x64 -p:PublishAot=true -o /out

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
LABEL org.opencontainers.image.title="serverless-eventing functions (pump door)" \
      org.opencontainers.image.description="Broker ingress, trigger filter, channel fanout and sources, receiving from Service Bus itself" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Serverless Eventing" \
      org.opencontainers.image.version="0.1.0"
ENV EVENTING_DOOR=pump \
    EVENTING_ADDRESS=0.0.0.0 \
    EVENTING_PORT=8080 \
    DOTNET_EnableDiagnostics=0
COPY --from=build /out/ServerlessEventing.Functions /app/ServerlessEventing.Functions
USER 1654
EXPOSE 8080
HEALTHCHECK --interval=20s --start-period=30s \
    CMD ["/app/ServerlessEventing.Functions", "--probe", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/app/ServerlessEventing.Functions"]
