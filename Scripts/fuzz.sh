#!/usr/bin/env bash
# Gives the ONNX reader, the planner and the grid reader hostile files for a while: `Scripts/fuzz.sh [SECONDS]`, for
# each target. What is found stays in Fuzzing/Found; a repaired finding, made small with
# `-minimize_crash=1`, belongs into Fuzzing/Corpus, which the tests run.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
targets=${2:-Reader Planning Grids}
work=.build/fuzz-corpus
found=Fuzzing/Found
export SQUALL_FUZZ=1
# The runtime's backtracer would take crashes before libFuzzer can keep their input.
export SWIFT_BACKTRACE=enable=no
export SQUALL_THREADS=1

for target in $targets; do
  # Beside another sanitizer, the compiler must be told again to count which edges were taken.
  swift build -c release --scratch-path .build/fuzz --product "Fuzz$target" \
    --sanitize fuzzer --sanitize address \
    -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table
done
for target in $targets; do
  seeded="$work/Seeds"
  malloc_limit=64
  if [[ $target == Grids ]]; then
    # Grid files begin from files of their own; HDF5 takes larger blocks than a network may.
    seeded="$work/GridSeeds"
    malloc_limit=1024
  fi
  mkdir -p "$work/$target" "$seeded" "$found"
  seeds=("$seeded" Fuzzing/Corpus)
  # Reference models beside the checkout, where there are any, are further beginnings.
  if [[ $target != Grids && -d ../shared/conformance ]]; then
    mkdir -p "$work/Shared"
    find ../shared/conformance -name model.onnx -size -16k -print0 |
      while IFS= read -r -d '' model; do
        cp "$model" "$work/Shared/$(basename "$(dirname "$model")").onnx"
      done
    seeds+=("$work/Shared")
  fi
  echo "fuzzing: $target, $seconds s"
  # No file of this size may make the process take more than rss_limit_mb, or one block of more than
  # malloc_limit_mb: Squall's own limit is 1 MB here.
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 SQUALL_FUZZ_SEEDS="$seeded" \
    ".build/fuzz/release/Fuzz$target" -max_total_time="$seconds" -max_len=16384 -timeout=20 \
    -rss_limit_mb=3000 -malloc_limit_mb="$malloc_limit" -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$found/" "$work/$target" "${seeds[@]}"
done
echo "fuzzing: clean"
