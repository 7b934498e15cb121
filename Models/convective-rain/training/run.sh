#!/bin/sh
# Repeats the whole making of this model: environment, samples, training, export, cuts, card's table.
#   run.sh DATA [MINUTES] [WORK]   DATA: the folder that holds radar/ ; MINUTES of training (80)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${1:?usage: run.sh DATA [MINUTES] [WORK]}
minutes=${2:-80}
work=${3:-"$here/work"}
python=${PYTHON:-"$here/.venv/bin/python"}
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
data=$(cd "$data" && pwd)
mkdir -p "$work"
if [ ! -x "$python" ]; then
  python3 -m venv "$here/.venv"
  "$python" -m pip install -q -r "$here/requirements.txt"
fi
cd "$here"
"$python" motion_vectors.py
[ -s "$work/samples.json" ] || "$python" prepare.py "$data" "$work"
# Four fifths of the time on the training part, whose mean weights are calibrated on the held-out
# part; the rest on all samples, which gives the weights that are exported.
"$python" train.py "$work" "$work/first.pt" "$((minutes * 4 / 5))" "$OMP_NUM_THREADS" train
"$python" calibrate.py "$work" "$work/first-mean.pt"
"$python" train.py "$work" "$work/weights.pt" "$((minutes - minutes * 4 / 5))" "$OMP_NUM_THREADS" all "$work/first-mean.pt"
"$python" -W ignore export.py "$work/weights.pt"
"$python" ../verify.py --data "$data" --python --markdown
