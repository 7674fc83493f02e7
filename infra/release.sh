#!/usr/bin/env bash
# Builds what a release carries: crds.yaml and install.yaml, from infra/crds and the azure-connection-string overlay.
#   infra/release.sh [FOLDER]        FOLDER is ./release unless given
set -euo pipefail
infra=$(cd "$(dirname "$0")" && pwd)
out=${1:-release}
mkdir -p "$out"

first=1
for crd in "$infra"/crds/*.yaml; do
  [ "$first" = 1 ] || echo '---'
  first=0
  cat "$crd"
done > "$out/crds.yaml"

kubectl kustomize "$infra/kustomize/overlays/azure-connection-string" > "$out/install.yaml"
echo "$out/crds.yaml and $out/install.yaml are written."
