#!/usr/bin/env bash
# Times Squall against its peers: `Benchmarks/run.sh NETWORKS [small|real]`, where NETWORKS is a folder
# with build_corpus.py, networks.py and the small networks. Peers come from PyPI into a virtual
# environment in .build; working sizes are built there once. Takes an hour for `real`.
set -euo pipefail
cd "$(dirname "$0")/.."

networks=${1:-../shared/networks}
size=${2:-real}
work=.build/benchmarks
python=$work/venv/bin/python
[[ -f $networks/networks.py ]] || {
  echo "benchmarks: $networks holds no networks.py: name the folder of the networks" >&2
  exit 66
}
mkdir -p "$work"
if [[ ! -x $python ]]; then
  python3 -m venv "$work/venv"
  "$python" -m pip install -q torch torchvision onnx onnxscript onnxruntime
fi
corpus=$networks
if [[ $size == real ]]; then
  corpus=$work/real
  only=rainnet,smaat_unet,convlstm,pangu3d,langya_swin,afno,gnn,fuxi_like,qunet
  "$python" "$networks/build_corpus.py" "$corpus" --size real --skip-existing --only "$only"
fi
"$python" Benchmarks/compare.py "$corpus" --networks "$networks" \
  --report "$work/$size.md" --json "$work/$size.json" "${@:3}"
