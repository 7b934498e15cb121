#!/usr/bin/env bash
# Times Squall against its peers: `Benchmarks/run.sh NETWORKS [small|real|full]`, where NETWORKS is a
# folder with build_corpus.py, networks.py and the small networks. Peers come from PyPI into a virtual
# environment in .build, unless PYTHON names one that has them; working sizes are built there once,
# unless CORPUS names a folder that has them. `real` takes half an hour; a call that was stopped goes on
# where it was (remove .build/benchmarks/real.json to begin anew), and ends with the table in the README.
# `full` is the Pangu graph at 721 x 1440 points, with two threads.
set -euo pipefail
cd "$(dirname "$0")/.."

networks=${1:-../shared/networks}
size=${2:-real}
work=.build/benchmarks
python=${PYTHON:-$work/venv/bin/python}
[[ -f $networks/networks.py ]] || {
  echo "benchmarks: $networks holds no networks.py: name the folder of the networks" >&2
  exit 66
}
mkdir -p "$work"
if [[ ! -x $python ]]; then
  python3 -m venv "$work/venv"
  "$python" -m pip install -q torch torchvision onnx onnxscript onnxruntime
fi
options=(--report "$work/$size.md" --json "$work/$size.json" --resume)
case $size in
small) corpus=$networks ;;
real)
  corpus=${CORPUS:-$work/real}
  if [[ -z ${CORPUS:-} ]]; then
    only=rainnet,smaat_unet,convlstm,pangu3d,langya_swin,afno,gnn,fuxi_like,qunet
    "$python" "$networks/build_corpus.py" "$corpus" --size real --skip-existing --only "$only"
  fi
  options+=(--rounds 1 --readme README.md)
  ;;
full)
  corpus=${CORPUS:-$work/full}
  [[ -f $corpus/pangu_full/meta.json ]] || "$python" Benchmarks/pangu_full.py "$networks" "$corpus"
  options+=(--rounds 1 --threads 2 --runs 1 --seconds 0)
  ;;
*)
  echo "benchmarks: size '$size': give small, real or full" >&2
  exit 64
  ;;
esac
"$python" Benchmarks/compare.py "$corpus" --networks "$networks" "${options[@]}" "${@:3}"
