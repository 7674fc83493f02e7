#!/bin/sh
# Plays docs/walkthrough.md: shows each of its commands and runs it, on a fresh `eventing up samples/walkthrough` (with
# --port-offset N: set PORT_OFFSET=N). Set KUBECONFIG where the house's data is not in .eventing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export KUBECONFIG="${KUBECONFIG:-$PWD/.eventing/kubeconfig}"
proxy=$((3128 + ${PORT_OFFSET:-0}))

# Titles, and the lines with `$` of the blocks marked console.
sed -n -e "s/localhost:3128/localhost:$proxy/" -e 's/^## \([0-9].*\)/title \1/p' \
  -e '/^```console/,/^```$/s/^\$ /run /p' "$here/../../docs/walkthrough.md" |
while read -r what line; do
  if [ "$what" = title ]; then
    printf '\n== %s\n' "$line"
  else
    printf '\n$ %s\n' "$line"
    sh -c "$line" </dev/null
  fi
done
