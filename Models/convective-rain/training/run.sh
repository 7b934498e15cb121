#!/bin/sh
# Repeats the whole making of this model: environment, samples, training, export, cuts, card's table.
#   run.sh DATA [MINUTES] [WORK]   DATA: the folder that holds radar/ ; MINUTES of training (60)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${1:?usage: run.sh DATA [MINUTES] [WORK]}
minutes=${2:-60}
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
"$python" train.py "$work" "$work/weights.pt" "$minutes" "$OMP_NUM_THREADS"
"$python" calibrate.py "$work" "$work/weights.pt"
"$python" -W ignore export.py "$work/weights.pt"
"$python" ../verify.py --data "$data" --python --markdown
