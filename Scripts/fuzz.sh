#!/usr/bin/env bash
# Gives the ONNX reader and the planner hostile files for a while: `Scripts/fuzz.sh [SECONDS]`, for
# each target. What is found stays in Fuzzing/Found; a repaired finding, made small with
# `-minimize_crash=1`, belongs into Fuzzing/Corpus, which the tests run.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
targets=${2:-Reader Planning}
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
  mkdir -p "$work/$target" "$work/Seeds" "$found"
  seeds=("$work/Seeds" Fuzzing/Corpus)
  # Reference models beside the checkout, where there are any, are further beginnings.
  if [[ -d ../shared/conformance ]]; then
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
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 SQUALL_FUZZ_SEEDS="$work/Seeds" \
    ".build/fuzz/release/Fuzz$target" -max_total_time="$seconds" -max_len=16384 -timeout=20 \
    -rss_limit_mb=3000 -malloc_limit_mb=64 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$found/" "$work/$target" "${seeds[@]}"
done
echo "fuzzing: clean"
