#!/usr/bin/env bash
# Runs every check and every test of the project, real clients included.
#
#   tests/run.sh            everything, with short fixed schedules for what is random
#   tests/run.sh --quick    formatting, lints and the workspace's own tests, without real clients
#   tests/run.sh --long     everything, then fuzzing and property tests for an hour
#   --verbose               also prints the output of steps that pass
#
# Missing programs are installed first: on Debian, as root, by apt-get; the clients' own packages by npm and pip
# into tests/.clients. On other systems the script prints what to install.
#
# AMF_VECTORS names a folder with byte vectors of other implementations. Without it, the tests that read them have
# nothing to read, and the closing lines say so.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
exec </dev/null

# Each package is built once, so what an incremental build would read again only fills the disk.
export CARGO_INCREMENTAL=0

clients=tests/.clients
logs=${CARGO_TARGET_DIR:-target}/run-logs
needed_gb=12
long_fuzz_seconds=300
long_property_cases=20000

mode=full
verbose=false
names=()
commands=()
times=()

main() {
  arguments "$@" || exit 2
  disk || exit 1
  vectors || exit 1
  rust_tools || exit 1
  plan
  mkdir -p "$logs" && rm -f "$logs"/*.log
  local number
  for number in "${!commands[@]}"; do
    run "$number" || exit 1
  done
  close
}

arguments() {
  local argument
  for argument in "$@"; do
    case $argument in
      --quick) mode=quick ;;
      --long) mode=long ;;
      --verbose) verbose=true ;;
      *)
        echo "unknown argument $argument; usage: tests/run.sh [--quick | --long] [--verbose]" >&2
        return 1
        ;;
    esac
  done
}

plan() {
  if [ $mode = quick ]; then
    step "format" cargo fmt --check
    step "clippy" cargo clippy --workspace --all-targets -- -D warnings
    step "tests" cargo test --workspace
    return
  fi
  step "system packages" system_packages
  step "npm packages" npm_packages
  step "python packages" python_packages
  step "format" cargo fmt --check
  step "format of fuzz targets and benchmarks" outside cargo fmt --check
  step "clippy" cargo clippy --workspace --all-targets -- -D warnings
  step "clippy of fuzz targets and benchmarks" outside cargo clippy --locked -- -D warnings
  step "clippy of each feature" each_feature
  step "layers" layers
  step "licences and sources of dependencies" licences
  step "documentation" documentation
  step "tests" cargo test --workspace
  step "tests with real clients" cargo test -p amf-tests --tests -- --ignored
  step "no ignored test left out" none_left_out
  step "benchmarks, once" cargo run --quiet --release --locked --manifest-path tests/bench/Cargo.toml -- --rounds 1
  step "fuzz seeds" bash tests/fuzz/run.sh smoke
  if [ $mode = long ]; then
    step "planted panics" bash tests/fuzz/run.sh plant
    step "fuzzing" bash tests/fuzz/run.sh all $long_fuzz_seconds
    step "property tests" env PROPTEST_CASES=$long_property_cases cargo test --workspace --release
  fi
}

# Adds a step to the plan.
step() { # NAME COMMAND...
  names+=("$1")
  shift
  commands+=("$(printf '%q ' "$@")")
}

# Runs one step of the plan. Its output goes to a file, and is shown if the step fails.
run() { # NUMBER
  local name=${names[$1]} start=$SECONDS log status
  log=$logs/$(printf '%02d' $(($1 + 1))).log
  printf 'step %d of %d: %s\n' $(($1 + 1)) ${#commands[@]} "$name"
  if $verbose; then
    eval "${commands[$1]}" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
  else
    eval "${commands[$1]}" >"$log" 2>&1
    status=$?
  fi
  if [ "$status" != 0 ]; then
    $verbose || show_failure "$log"
    printf '\nFAILED: step %d, %s (after %d s); all of its output: %s\n' \
      $(($1 + 1)) "$name" $((SECONDS - start)) "$log" >&2
    return 1
  fi
  times+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
}

# The lines that say what failed, and the last ones.
show_failure() { # LOG
  local last=200
  if [ "$(wc -l <"$1")" -gt $last ]; then
    head -n -$last "$1" | grep -E -A 12 '^error|panicked at|^test .*FAILED|^FAILED' | head -n 200
    printf '[…]\n'
  fi
  tail -n $last "$1"
}

close() {
  printf '\nEverything passed:\n'
  printf '%s\n' "${times[@]}"
  printf '%5d s  in all\n' "$SECONDS"
  echo "Disk: $(du -csh -- "${CARGO_TARGET_DIR:-target}" tests/*/target tests/bench/*/target "$clients" 2>/dev/null | tail -n 1 | cut -f 1) in build folders and clients"
  if [ -z "${AMF_VECTORS:-}" ]; then
    echo "The foreign vectors were LEFT OUT: AMF_VECTORS is not set."
  fi
  printf '%d passed, 0 failed\n' "$(count passed "$logs"/*.log)"
}

# Sums a number of cargo's closing lines, `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
count() { # WORD LOG...
  local word=$1
  shift
  sed -nE "s/^test result: .* ([0-9]+) $word;.*/\\1/p" "$@" | awk '{ sum += $1 } END { print sum + 0 }'
}

disk() {
  local free
  free=$(($(df -Pk . | awk 'NR == 2 { print $4 }') >> 20))
  echo "This needs about $needed_gb GB of disk if nothing is built yet; $free GB are free."
  if [ ! -d "${CARGO_TARGET_DIR:-target}" ] && [ "$free" -lt $needed_gb ]; then
    echo "That is too little; set CARGO_TARGET_DIR to a folder on a larger disk." >&2
    return 1
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

# Features that compile alone and together may still fail in pairs: each line is a package and one choice of features.
feature_choices='
amf-core
amf-core chrono
amf-core serde
amf-core uuid
amf-remoting
amf-remoting client-tls
amf-remoting connection
amf-remoting forwarded
amf-remoting metrics
amf-remoting serve
amf-rtmp
amf-rtmp metrics
amf-rtmp net
amf-rtmp persistence
amf-rtmp tls
amf-rtmp tunnel
'

each_feature() {
  local package features
  while read -r package features; do
    [ -n "$package" ] || continue
    echo "$package with ${features:-no feature}"
    cargo clippy --quiet -p "$package" --no-default-features --features "$features" -- -D warnings || return 1
  done <<<"$feature_choices"
}

# cargo-deny takes minutes to build, so it is used where it is installed.
licences() {
  if cargo deny --version >/dev/null 2>&1; then
    cargo deny --offline check licenses bans sources
  else
    echo "LEFT OUT: cargo-deny is not installed (cargo install cargo-deny)"
  fi
}

documentation() {
  export RUSTDOCFLAGS="-D warnings"
  cargo doc --workspace --no-deps &&
    cargo doc -p amf-core --no-deps --all-features &&
    cargo doc -p amf-rtmp --no-deps --all-features
}

# The tests with real clients are ignored by plain `cargo test`. Doc examples are ignored for want of a feature only.
none_left_out() {
  local ignored ran
  ignored=$(grep -hcE '^test .* \.\.\. ignored, ' "$(log_of tests)")
  ran=$(count passed "$(log_of "tests with real clients")")
  echo "$ignored tests were ignored, $ran ran later"
  [ "$ignored" = "$ran" ]
}

log_of() { # NAME
  local number
  for number in "${!names[@]}"; do
    [ "${names[$number]}" != "$1" ] || printf '%s/%02d.log\n' "$logs" $((number + 1))
  done
}

# Does something in each package that is not of the workspace.
outside() {
  local package
  for package in fuzz bench bench/http bench/instructions bench/rtmp; do
    (cd "tests/$package" && "$@") || return 1
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
  command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
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

main "$@"
