# The function app on the official Functions image: the host door.
#   docker build -f infra/docker/functions-host.Dockerfile -t serverless-eventing/functions-host:0.1.0 .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY . .
# Self-contained: the Functions image has no shared .NET runtime. Not compiled ahead of time: that would ask for the
# C library of this stage, which is newer than the Functions image's.
RUN dotnet publish functions -c Release -r linux-x64 --self-contained -o /out

FROM mcr.microsoft.com/azure-functions/dotnet:4
LABEL org.opencontainers.image.title="serverless-eventing functions (host door)" \
      org.opencontainers.image.description="Broker ingress, trigger filter, channel fanout and sources on Azure Functions" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Serverless Eventing" \
      org.opencontainers.image.version="0.1.0"
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    FUNCTIONS_WORKER_RUNTIME=custom \
    ASPNETCORE_URLS=http://+:8080 \
    DOTNET_USE_POLLING_FILE_WATCHER=false \
    DOTNET_EnableDiagnostics=0
COPY --from=build --chown=1654:1654 /out /home/site/wwwroot
USER 1654
EXPOSE 8080
HEALTHCHECK --interval=20s --start-period=60s \
    CMD ["/home/site/wwwroot/ServerlessEventing.Functions", "--probe", "http://127.0.0.1:8080/healthz"]
# The host itself, not the image's start script: it must get SIGTERM, so that what is in flight is finished.
ENTRYPOINT ["/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost"]
