#!/usr/bin/env bash
# Runs every check and every test of the project, real clients included.
#
# What is missing for that is installed first: on Debian, as root, by apt-get; the clients' own
# packages by npm and pip into tests/.clients. On other systems the script says what to install.
# AMF_VECTORS names a folder with byte vectors of other implementations; without it the tests that
# read them have nothing to read, and the closing lines say so.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
exec </dev/null

# Each package is built once, so what an incremental build would read again only fills the disk.
export CARGO_INCREMENTAL=0

clients=tests/.clients
summary=()

main() {
  vectors || exit 1
  rust_tools || exit 1
  step "system packages" system_packages
  step "npm packages" npm_packages
  step "python packages" python_packages
  step "format" cargo fmt --check
  step "format of fuzz targets and benchmarks" outside cargo fmt --check
  step "clippy" cargo clippy --workspace --all-targets -- -D warnings
  step "clippy fuzz targets and benchmarks" outside cargo clippy --locked -- -D warnings
  step "clippy amf-core without features" cargo clippy -p amf-core --no-default-features -- -D warnings
  step "clippy each feature of amf-core" each_feature_of_amf_core
  step "clippy amf-remoting without features" cargo clippy -p amf-remoting --no-default-features -- -D warnings
  step "clippy amf-remoting's client alone" cargo clippy -p amf-remoting --no-default-features --features client-tls -- -D warnings
  step "clippy amf-remoting's counters alone" cargo clippy -p amf-remoting --no-default-features --features metrics -- -D warnings
  step "clippy amf-remoting's server" cargo clippy -p amf-remoting --no-default-features --features serve -- -D warnings
  step "clippy amf-remoting's connections alone" cargo clippy -p amf-remoting --no-default-features --features connection -- -D warnings
  step "clippy amf-rtmp without features" cargo clippy -p amf-rtmp --no-default-features -- -D warnings
  step "clippy each feature of amf-rtmp" each_feature_of_amf_rtmp
  step "layers" layers
  step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
  step "documentation of amf-core's features" env RUSTDOCFLAGS="-D warnings" cargo doc -p amf-core --no-deps --all-features
  step "documentation of amf-rtmp's features" env RUSTDOCFLAGS="-D warnings" cargo doc -p amf-rtmp --no-deps --all-features
  step "tests" cargo test --workspace
  step "tests with real clients" cargo test -p amf-tests --tests -- --ignored
  step "benchmarks, once" cargo run --quiet --release --locked --manifest-path tests/bench/Cargo.toml -- --rounds 1
  step "fuzz seeds" bash tests/fuzz/run.sh smoke
  close
}

# Runs one step, with its time; the first that fails ends the run.
step() {
  local name=$1 start=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if ! "$@"; then
    printf '\nFAILED: %s (after %d s)\n' "$name" $((SECONDS - start)) >&2
    exit 1
  fi
  summary+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
  printf '== %s: %d s\n' "$name" $((SECONDS - start))
}

close() {
  printf '\nEverything passed:\n'
  printf '%s\n' "${summary[@]}"
  printf '%5d s  in all\n' "$SECONDS"
  if [ -z "${AMF_VECTORS:-}" ]; then
    echo "The foreign vectors were LEFT OUT: AMF_VECTORS is not set."
  fi
}

vectors() {
  [ -n "${AMF_VECTORS:-}" ] || return 0
  if [ ! -d "$AMF_VECTORS" ]; then
    echo "AMF_VECTORS names no folder: $AMF_VECTORS" >&2
    return 1
  fi
  # Each test program runs in the folder of its own package.
  AMF_VECTORS=$(cd "$AMF_VECTORS" && pwd) && export AMF_VECTORS
}

rust_tools() {
  if ! command -v cargo >/dev/null; then
    echo "cargo is missing. Distributions have old versions: install Rust by rustup, https://rustup.rs" >&2
    return 1
  fi
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    echo "rustfmt or clippy is missing: rustup component add rustfmt clippy" >&2
    return 1
  fi
}

system_packages() {
  local missing
  missing=$(missing_packages)
  if [ -n "$missing" ] && [ -e /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "installing $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of names
    apt-get -q -o Acquire::Retries=3 update &&
      apt-get -q -y -o Acquire::Retries=3 install --no-install-recommends $missing || return 1
    hash -r
    missing=$(missing_packages)
  fi
  if [ -n "$missing" ]; then
    echo "The tests with real clients need what these Debian packages bring; install them: $missing" >&2
    return 1
  fi
  if ! node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)'; then
    echo "Node.js is older than version 18: $(node --version)" >&2
    return 1
  fi
}

# The protocol needs no runtime, and a service no HTTP.
layers() {
  lacks amf-rtmp tokio && lacks amf-rtmp amf-remoting && lacks amf-remoting axum && lacks amf-remoting http
}

# Each alone; together they are part of the workspace's tests.
each_feature_of_amf_core() {
  local feature
  for feature in chrono serde uuid; do
    cargo clippy -p amf-core --no-default-features --features "$feature" -- -D warnings || return 1
  done
}

# Does something in each package that is not of the workspace.
outside() {
  local package
  for package in fuzz bench bench/http bench/instructions bench/rtmp; do
    (cd "tests/$package" && "$@") || return 1
  done
}

# Each door alone.
each_feature_of_amf_rtmp() {
  local feature
  for feature in metrics net persistence tls tunnel; do
    cargo clippy -p amf-rtmp --no-default-features --features "$feature" -- -D warnings || return 1
  done
}

# Whether a package without its features does without another one.
lacks() {
  ! cargo tree -q -p "$1" --no-default-features -e normal --prefix none | grep -q "^$2 " ||
    { echo "$1 without features depends on $2" >&2; return 1; }
}

# The Debian packages whose programs or headers are not there.
missing_packages() {
  local missing=()
  command -v cc >/dev/null || missing+=(gcc libc6-dev)
  command -v c++ >/dev/null || missing+=(g++) # libFuzzer is C++
  command -v chromium >/dev/null || [ -x "${CHROMIUM:-}" ] || missing+=(chromium)
  command -v ffmpeg >/dev/null || missing+=(ffmpeg)
  command -v haxe >/dev/null || missing+=(haxe)
  command -v java >/dev/null || missing+=(default-jre-headless) # Royale's compiler
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v rtmpdump >/dev/null || missing+=(rtmpdump)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
  has_header librtmp/rtmp.h || missing+=(librtmp-dev)
  has_header Python.h "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))' 2>/dev/null)" || missing+=(python3-dev)
  echo "${missing[*]}"
}

# Whether a C compiler finds it, in that folder too if one is named.
has_header() {
  printf '#include <%s>\n' "$1" | cc ${2:+-I "$2"} -E -x c - >/dev/null 2>&1
}

# Ruffle, Royale, rtmp-client, and what drives the browser. The lock file is kept beside them as a sign of completion.
npm_packages() {
  cmp -s tests/clients/package-lock.json "$clients/npm.installed" && return 0
  mkdir -p "$clients" &&
    cp tests/clients/package.json tests/clients/package-lock.json "$clients/" &&
    (cd "$clients" && npm ci --ignore-scripts --no-audit --no-fund) &&
    cp tests/clients/package-lock.json "$clients/npm.installed"
}

python_packages() {
  local lists=(tests/clients/requirements.txt tests/clients/requirements-from-source.txt)
  cat "${lists[@]}" | cmp -s - "$clients/pip.installed" &&
    "$clients/venv/bin/python" -c 'import pyamf, librtmp' 2>/dev/null && return 0
  mkdir -p "$clients" &&
    python3 -m venv --clear "$clients/venv" &&
    pip_install --only-binary :all: -r "${lists[0]}" &&
    pip_install --no-binary :all: --no-build-isolation --use-pep517 --no-deps -r "${lists[1]}" &&
    cat "${lists[@]}" >"$clients/pip.installed"
}

pip_install() {
  "$clients/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "$@"
}

main
