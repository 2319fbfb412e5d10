#!/bin/sh
# A pod from created to succeeded. pod.sh MANIFEST NAMESPACE
set -eu
pod=$(kubectl create --namespace "$2" --filename "$1" --output name)
exec kubectl wait --namespace "$2" --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s "$pod"
