#!/bin/sh
# A Job from created to succeeded. job.sh MANIFEST NAMESPACE
set -eu
job=$(kubectl create --namespace "$2" --filename "$1" --output name)
exec kubectl wait --namespace "$2" --for=condition=complete --timeout=60s "$job"
