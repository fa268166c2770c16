#!/usr/bin/env bash
# Counts the instructions of one operation of each row by callgrind. See README.md.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

usage="usage: tests/bench/instructions.sh [--base REVISION] [--limit PERCENT] [--runs N] [WORD...]
Counts the rows whose name has every WORD, such as: w1 decode

  --base REVISION   counts that revision too, and prints the change
  --limit PERCENT   fails if a row needs so much more than in the base
  --runs N          takes the least of N runs (1 without this)"

base='' limit='' runs=1 words=()
scratch=$(mktemp -d) || exit 1
worktree=$scratch/worktree

main() {
  options "$@"
  command -v valgrind >/dev/null || die "valgrind is missing: apt-get install valgrind"
  build . now || die "the current sources do not build"
  [ -z "$base" ] || build_base
  local failed=0
  heading
  while read -r name count; do
    chosen "$name" || continue
    measure "$name" "$count" || failed=1
  done <"$scratch/now.rows"
  exit $failed
}

options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --base) base=${2:?"$usage"}; shift ;;
      --limit) limit=${2:?"$usage"}; shift ;;
      --runs) runs=${2:?"$usage"}; shift ;;
      -*) die "$usage" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
}

die() {
  echo "$*" >&2
  exit 1
}

clean_up() {
  [ ! -e "$worktree" ] || git worktree remove --force "$worktree"
  rm -rf "$scratch"
}
trap clean_up EXIT

# Builds the program of the sources in folder $1 as $2. Both revisions share what cargo builds of other crates.
build() {
  CARGO_TARGET_DIR=$PWD/instructions/target \
    cargo build --quiet --release --locked --manifest-path "$1/instructions/Cargo.toml" &&
    cp instructions/target/release/amf-bench-instructions "$scratch/$2" &&
    "$scratch/$2" list >"$scratch/$2.rows"
}

build_base() {
  git worktree add --quiet --detach "$worktree" "$base" || die "git knows no revision $base"
  local sources=$worktree/tests/bench
  if [ ! -e "$sources/instructions" ]; then
    echo "$base has no such benchmark: its crates are measured with the sources of this one." >&2
    rm -r "$sources"
    mkdir -p "$sources"
    tar --exclude=target -c . | tar -x -C "$sources"
  fi
  build "$sources" base && return
  die "The benchmark of $base does not build. Where the names of a crate changed after it, put a copy of tests/bench
that fits on top of that revision, commit both on a branch, and name the branch as --base."
}

chosen() {
  local word
  for word in "${words[@]}"; do
    [[ $1 == *"$word"* ]] || return 1
  done
}

heading() {
  if [ -n "$base" ]; then
    printf '%-32s %14s %14s %9s\n' row base now change
  else
    printf '%-32s %14s\n' row instructions
  fi
}

# Prints the figures of the row $1. Fails where the change is over the limit.
measure() {
  local now was
  now=$(least now "$1" "$2") || die "$1 failed"
  if [ -z "$base" ]; then
    printf '%-32s %14s\n' "$1" "$now"
    return
  fi
  if ! grep -q "^$1 " "$scratch/base.rows"; then
    printf '%-32s %14s %14s %9s\n' "$1" – "$now" –
    return
  fi
  was=$(least base "$1" "$2") || die "$1 failed in $base"
  awk -v name="$1" -v was="$was" -v now="$now" -v limit="$limit" 'BEGIN {
    change = (now / was - 1) * 100
    is_over = limit != "" && change > limit
    printf "%-32s %14s %14s %+8.2f%%%s\n", name, was, now, change, is_over ? "  over the limit" : ""
    exit is_over
  }'
}

# The least instructions of one operation in some runs: seeds of hash tables and the clock differ between runs.
least() {
  local run
  for ((run = 0; run < runs; run++)); do
    per_operation "$@" || return 1
  done | sort -g | head -n 1
}

# The difference between a run and one of twice as many operations, so that the preparation does not count.
per_operation() {
  local program=$1 name=$2 count=$3 short long
  short=$(instructions "$program" "$name" "$count") && long=$(instructions "$program" "$name" $((2 * count))) &&
    awk -v short="$short" -v long="$long" -v count="$count" 'BEGIN { printf "%.1f\n", (long - short) / count }'
}

instructions() {
  local log
  log=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$scratch/$1" "$2" "$3" 2>&1) ||
    { echo "$log" >&2; return 1; }
  sed -n 's/.*Collected : //p' <<<"$log"
}

main "$@"
