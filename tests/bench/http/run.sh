#!/usr/bin/env bash
# Measures the gateway; see README.md. What is given to it goes to the program: `--rounds N`, words of a row's title.
#
# Py3AMF and gunicorn are installed by pip into tests/.clients/bench. wrk has to be there: Debian's package `wrk`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

clients=../../.clients/bench

command -v wrk >/dev/null || { echo "wrk is missing; on Debian: apt-get install wrk" >&2; exit 1; }
[ "$(nproc)" -ge 2 ] || { echo "Two cores are needed: one for the server, one for the load." >&2; exit 1; }
if ! cmp -s requirements.txt "$clients/installed"; then
  python3 -m venv --clear "$clients"
  "$clients/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --require-hashes -r requirements.txt
  cp requirements.txt "$clients/installed"
fi
exec cargo run --quiet --release --locked -- --py3amf "$clients/bin/python" "$@"
