#!/usr/bin/env bash
# The tests with every dependency at its lower bound: lowest.sh [TRIAL_ARGUMENT...]
set -eu
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${PYTHON:-python3}
"$python" .ci/lowest.py >"$place/constraints"
cat "$place/constraints"
"$python" -m venv "$place/venv"
extras=$("$python" .ci/lowest.py --extras)
"$place/venv/bin/pip" install --quiet --constraint "$place/constraints" \
    --editable ".[dev,$extras]"
"$place/venv/bin/trial" "$@"
