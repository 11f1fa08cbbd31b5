#!/bin/sh
# What the recorded bench types. record.py runs it, with a stand-in at TB_URL and boards at PORT; it is ended by SIGINT.
set -eu

echo $$ >"$PID_FILE"
printf '\033[1;32m$\033[0m tools/tb.py station --port %s --csv boards.csv\n' "$PORT"
exec .venv/bin/python tools/tb.py station --port "$PORT" --csv "$TABLE"
