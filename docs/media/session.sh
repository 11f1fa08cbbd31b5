#!/bin/sh
# What the recorded session types: use case 2 with commands in place of ThingsBoard's pages. record.py runs it, with a
# stand-in at TB_URL and SERVER.
set -eu

type() {
    printf '\033[1;32m$\033[0m %s\n' "$*"
    sleep 0.6
    "$@"
    sleep 0.8
}

secret_of() {
    tools/tb.py profile show --show-secrets --json | .venv/bin/python -c "import json, sys; print(json.load(sys.stdin)['provisioning']['$1'])"
}

type tools/tb.py profile apply --strategy check-pre-provisioned --generate-secret
type tools/tb.py device create MY_DEVICE_NAME --generate
type tools/tb.py dashboard apply
KEY=$(secret_of key)
SECRET=$(secret_of secret)
export KEY SECRET
type make --silent run DEVICE=MY_DEVICE_NAME
type tools/tb.py device status MY_DEVICE_NAME
type tools/tb.py device telemetry MY_DEVICE_NAME
type tools/tb.py device reset-provisioning MY_DEVICE_NAME
type tools/tb.py device delete MY_DEVICE_NAME --yes
