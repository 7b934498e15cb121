# Models/convective-rain/training. Writes ../model.yaml from what the Python pipeline uses.
"""``python manifest.py`` rewrites model.yaml: the network's checksum, the cuts, the constants.

The cuts come from ../training/cuts.json ([lead][threshold]), which calibrate.py writes.
"""

import hashlib
import json
import os

import motion
import pipeline

HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")

TEXT = """\
# The manifest of a model package: everything the program needs to feed network.onnx and to read
# its answer. Written by training/manifest.py; training/pipeline.py does the same steps in Python.
name: convective-rain
version: {version}
title: Convective rain nowcast from radar, growth and decay learnt in the moving frame
kind: nowcast            # history of one rain field in, exceedance probabilities by lead time out
licence: Apache-2.0
network: network.onnx
network_sha256: {sha}

# The working grid. Finer input is coarsened by the whole factor nearest to 1 km / spacing (mean of
# valid cells, missing where fewer than half are valid); 0.75 km and coarser is used as it is.
# The finished fields are brought back to the input grid bilinearly.
grid:
  spacing_km: [0.75, 2.5]
  coarsen_below_km: 0.75
  coarsen_to_km: 1.0
  multiple_of: {multiple}        # pad rows and columns at the end with missing, crop the answer

# What is read from the input: rain rate at these ages before the reference time, each carried to
# the reference time along the motion. No frame of an age (within 0.5 min): its two neighbours in
# time, carried likewise, blended linearly (the one that sees a cell alone where the other does
# not). Older than the oldest frame: the oldest again.
history:
  variable: rainfall_rate
  units: mm h-1
  ages_minutes: {ages}
  minimum_frames: 2
  maximum_gap_minutes: 20

input:
  name: history          # float32 [batch, channel, y, x]
  channels:
    # value = log1p(5 * clip(rain, 0, {cap:g})) / 3 with rain in mm h-1; missing gives 0
    - {{content: rain, age_minutes: 0, transform: log1p, scale: 5, maximum: {cap:g}, divide: 3, missing: 0}}
    - {{content: rain, age_minutes: 10, transform: log1p, scale: 5, maximum: {cap:g}, divide: 3, missing: 0}}
    - {{content: rain, age_minutes: 20, transform: log1p, scale: 5, maximum: {cap:g}, divide: 3, missing: 0}}
    - {{content: rain, age_minutes: 30, transform: log1p, scale: 5, maximum: {cap:g}, divide: 3, missing: 0}}
    - {{content: seen_now}}       # 1 where the slot of age 0 is not missing, else 0
    - {{content: seen_always}}    # 1 where no slot is missing, else 0
    - {{content: log2_spacing_km}} # log2 of the working grid's spacing in km, also in the padding

output:
  name: exceedance       # float32 [batch, lead, threshold, y, x]: P(rain >= threshold), moving frame
  leads_minutes: {leads}
  thresholds_mm_per_hour: {thresholds}
  between_leads: linear  # before the first: between the analysis (0 or 1) and the first
  # Deterministic rain rate: the highest threshold whose probability reaches its cut, then log-linear
  # in rain to where (probability - cut) crosses 0 before the next threshold; 0 below the lowest
  # threshold; above the highest, threshold * 2 ** ((p - cut) / (1 - cut)). Between leads the cuts
  # are interpolated linearly, before the first and after the last they are constant.
  # Columns are the thresholds above.
  rate_cuts:
{cuts}

# Motion of rain: training/motion.py says every step.
motion:
  method: multiscale-lucas-kanade
  floor_mm_per_hour: {floor:g}
  cap_mm_per_hour: {mcap:g}
  maximum_frames: 4
  minimum_step_minutes: 9.5
  maximum_age_minutes: 40
  finest_level: {finest}
  coarsest_level: {coarsest}
  iterations: {iterations}
  window_radius_cells: {radius}
  residual_scale: {residual:g}
  damping: {epsilon:g}
  maximum_cells_per_minute: {speed:g}
advection:
  method: semi-lagrangian-backward
  step_minutes: 5
  iterations: 3

# Outside this the program still answers, and says so in the quality flag.
trained_range:
  rainfall_rate_mm_per_hour: [0, {cap:g}]
  spacing_km: [0.5, 2.2]
  step_minutes: [2, 15]
  lead_minutes: [0, 180]

references:
  - "Ritvanen et al. 2023, Advection-free convolutional neural network for convective rainfall nowcasting, IEEE JSTARS 16, doi:10.1109/JSTARS.2023.3238016"
  - "Germann and Zawadzki 2002, Scale-dependence of the predictability of precipitation, Mon. Wea. Rev. 130"
  - "Lucas and Kanade 1981, An iterative image registration technique, IJCAI"
"""


def write(home, version="0.1.0"):
    with open(os.path.join(home, "network.onnx"), "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    with open(os.path.join(home, "training", "cuts.json")) as f:
        cuts = json.load(f)
    rows = "\n".join(
        f"    - [{', '.join('%.3f' % c for c in row)}]  # {lead} min"
        for lead, row in zip(pipeline.LEADS, cuts)
    )
    text = TEXT.format(
        version=version, sha=sha, multiple=pipeline.MULTIPLE, ages=list(pipeline.AGES),
        cap=pipeline.CAP, leads=list(pipeline.LEADS), thresholds=list(pipeline.THRESHOLDS),
        cuts=rows, floor=motion.FLOOR, mcap=motion.CAP, finest=motion.FINEST,
        coarsest=motion.COARSEST, iterations=motion.ITERATIONS, radius=motion.RADIUS,
        residual=motion.RESIDUAL, epsilon=motion.EPSILON, speed=motion.MAX_SPEED,
    )
    with open(os.path.join(home, "model.yaml"), "w") as f:
        f.write(text)


if __name__ == "__main__":
    write(HOME)
