# The command line as an image: the Service Bus emulator and event-display for clusters on your own machine.
#   docker build -f infra/docker/eventing.Dockerfile -t serverless-eventing/eventing:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY . .
RUN dotnet publish cli -c Release -o /out

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
LABEL org.opencontainers.image.title="serverless-eventing eventing" \
      org.opencontainers.image.description="Service Bus emulator, event-display and the rest of the command line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Serverless Eventing" \
      org.opencontainers.image.version="0.1.0"
ENV DOTNET_EnableDiagnostics=0
COPY --from=build /out /app
USER 1654
ENTRYPOINT ["dotnet", "/app/eventing.dll"]
