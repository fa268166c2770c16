#!/usr/bin/env bash
# Builds the fuzz targets with a stable compiler and runs them.
#
#   run.sh smoke           every seed once (what tests/run.sh does)
#   run.sh TARGET SECONDS  fuzz one target, starting from its seeds
#   run.sh plant           each target must find its planted panic within 60 seconds
set -euo pipefail
cd "$(dirname "$0")"

targets=(amf0 amf3 packet rtmp_chunks rtmp_connection)
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

# Starts from a copy of the seeds, so that what is found is not written among them.
fuzz() { # TARGET SECONDS ARTIFACTS
  local corpus=$work/$1
  mkdir -p "$corpus" "$3"
  cp seeds/"$1"/* "$corpus"/
  "$bin/$1" "$corpus" -max_total_time="$2" -max_len=4096 -rss_limit_mb=2048 -timeout=10 -artifact_prefix="$3/" \
    -print_final_stats=1
}

case "${1:-}" in
  smoke)
    for target in "${targets[@]}"; do
      "$bin/$target" -runs=0 seeds/"$target" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
      echo "fuzz target $target: $(ls seeds/"$target" | wc -l) seeds"
    done
    ;;
  plant)
    for target in "${targets[@]}"; do
      start=$SECONDS
      if AMF_PLANT=1 fuzz "$target" 60 "$work/found" >"$work/log" 2>&1; then
        echo "fuzz target $target did not find the planted panic in 60 s"; exit 1
      fi
      grep -q "the planted panic" "$work/log" || { cat "$work/log"; exit 1; }
      echo "fuzz target $target found the planted panic after $((SECONDS - start)) s"
    done
    ;;
  *)
    fuzz "${1:?smoke, plant, or a target}" "${2:?seconds}" artifacts/"$1"
    ;;
esac
