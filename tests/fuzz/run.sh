#!/usr/bin/env bash
# Builds the fuzz targets with a stable compiler and runs them.
#
#   run.sh smoke                     every seed and every input of the corpora once (what tests/run.sh does)
#   run.sh TARGET SECONDS            fuzz one target, starting from its seeds, its corpus and what was found before
#   run.sh all SECONDS [TARGET...]   so many seconds of each, one after another, with a line for each at the end
#   run.sh minimise TARGET           put what was found into the target's corpus, and drop what reaches nothing new
#   run.sh plant                     each target must find its planted panic within 60 seconds
#
# Seeds are written by hand and named for what they are; the inputs of a corpus are made by the fuzzer.
#
# With cargo-fuzz, `cargo fuzz run TARGET` in the folder `tests` does the same on a nightly compiler with
# AddressSanitizer; `cargo fuzz run -s none TARGET` does it on a stable one.
set -euo pipefail
cd "$(dirname "$0")"

targets=(amf0 amf3 packet differential rtmp_chunks rtmp_connection rtmp_shared_object)
triple=$(rustc -vV | sed -n 's/^host: //p')
target_dir=${CARGO_TARGET_DIR:-target}

# What cargo-fuzz passes, less the sanitizer, which is for memory errors that safe code does not have.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
cargo build --quiet --locked --release --target "$triple" --target-dir "$target_dir"
bin=$target_dir/$triple/release

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
limits=(-max_len=4096 -rss_limit_mb=2048 -timeout=10)

# The folders of a target's inputs that are kept.
kept() { # TARGET
  mkdir -p "corpus/$1"
  echo "corpus/$1"
  seeds "$1"
}

# Inputs of the differential target are read in both versions, so it starts where those of the versions do.
seeds() { # TARGET
  case "$1" in
    differential) printf '%s\n' seeds/amf0 seeds/amf3 ;;
    *) echo "seeds/$1" ;;
  esac
}

# What is found goes to found/TARGET, and what fails to artifacts/TARGET.
fuzz() { # TARGET SECONDS
  local folders
  mapfile -t folders < <(kept "$1")
  mkdir -p "found/$1" "artifacts/$1"
  run "$1" "$2" "artifacts/$1" "found/$1" "${folders[@]}"
}

# libFuzzer writes what it finds to the first folder.
run() { # TARGET SECONDS ARTIFACTS FOLDER...
  "$bin/$1" "${@:4}" -max_total_time="$2" "${limits[@]}" -artifact_prefix="$3/" -print_final_stats=1
}

smoke() { # TARGET
  local folders
  mapfile -t folders < <(kept "$1")
  "$bin/$1" -runs=0 "${limits[@]}" "${folders[@]}" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
  echo "fuzz target $1: $(find "${folders[@]}" -type f | wc -l) inputs"
}

all() { # SECONDS TARGET...
  local seconds=$1 target failed=0 report=()
  shift
  for target in "$@"; do
    local verdict="nothing wrong"
    fuzz "$target" "$seconds" >"$work/log" 2>&1 ||
      { verdict="FAILED, see artifacts/$target"; failed=1; tail -n 40 "$work/log"; }
    grep -a '^differential: ' "$work/log" | tail -n 1 || true
    report+=("fuzz target $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") executions, $verdict")
  done
  printf '%s\n' "${report[@]}"
  return "$failed"
}

# Keeps few inputs that together reach every edge that any reaches; how often an edge is taken is left to
# fuzzing, or they were ten times as many.
minimise() { # TARGET
  local folders smallest=$work/smallest
  mapfile -t folders < <(kept "$1")
  mkdir -p "$smallest" "found/$1" corpus
  "$bin/$1" -set_cover_merge=1 -use_counters=0 "${limits[@]}" "$smallest" "found/$1" "${folders[@]}" >"$work/log" 2>&1 ||
    { cat "$work/log"; return 1; }
  rm -r "corpus/$1"
  mv "$smallest" "corpus/$1"
  rm -r "found/$1"
  echo "corpus of $1: $(find "corpus/$1" -type f | wc -l) inputs"
}

# From the seeds alone: a corpus holds such inputs already.
plant() { # TARGET
  local start=$SECONDS folders
  mapfile -t folders < <(seeds "$1")
  mkdir -p "$work/found/$1"
  if AMF_PLANT=1 run "$1" 60 "$work/found" "$work/found/$1" "${folders[@]}" >"$work/log" 2>&1; then
    echo "fuzz target $1 did not find the planted panic in 60 s"
    return 1
  fi
  grep -aq "the planted panic" "$work/log" || { cat "$work/log"; return 1; }
  echo "fuzz target $1 found the planted panic after $((SECONDS - start)) s"
}

case "${1:-}" in
  smoke) for target in "${targets[@]}"; do smoke "$target"; done ;;
  plant) for target in "${targets[@]}"; do plant "$target"; done ;;
  minimise) minimise "${2:?a target}" ;;
  all)
    seconds=${2:?seconds}
    shift 2
    all "$seconds" "${@:-${targets[@]}}"
    ;;
  *) fuzz "${1:?smoke, plant, minimise, all, or a target}" "${2:?seconds}" ;;
esac
