# Models/convective-rain/training. Turns the training events into moving-frame samples on disk.
"""Samples of 256 x 256 working cells: 4 history slots and 8 pulled-back truths, float16, NaN missing.

``python prepare.py DATA CACHE`` writes CACHE/samples.f16 ([n, 12, 256, 256]) and CACHE/samples.json
(event, spacing, part "train" or "held", rain of each sample). Validation events are never read.
"""

import json
import os
import sys
import time

import numpy as np

import advection
import events
import motion
import pipeline

TILE = 256
f32 = np.float32

# event: (coarsening of the working grid, step in minutes between start times, tiles kept a start time)
PLAN = [
    ("brisbane-train", 1, 10, 1), ("brisbane-train", 2, 10, 1),
    ("mch-2015", 1, 5, 5), ("mch-2015", 2, 10, 2),
    ("mch-2017", 1, 10, 5), ("mch-2017", 2, 20, 2),
    ("knmi", 1, 10, 4), ("knmi", 2, 20, 1),
    ("opera", 1, 15, 24), ("mrms", 1, 4, 16),
]


def smooth_displacement(u, v, minutes):
    """``advection.displacement`` worked out on a four times coarser grid: the motion is that smooth."""
    h, w = u.shape
    if min(h, w) < 64:
        return advection.displacement(u, v, minutes)
    shape = (-(-h // 4), -(-w // 4))
    uc, vc = (motion.resample(m, 0, shape, 2) / 4 for m in (u, v))
    D = advection.displacement(uc, vc, minutes)
    return tuple(motion.resample(d * 4, 2, (h, w), 0) for d in D)


def tiles(h, w):
    def starts(n):
        if n <= TILE:
            return [0]
        count = -(-n // 224)
        return [round(k * (n - TILE) / (count - 1)) for k in range(count)]

    return [(y, x) for y in starts(h) for x in starts(w)]


def main(data, cache):
    os.makedirs(cache, exist_ok=True)
    index = []
    out = open(os.path.join(cache, "samples.f16"), "wb")
    for name, factor, every, keep in PLAN:
        began = time.time()
        frames, minutes, spacing = events.working(data, name)
        seen = np.isfinite(frames).any(axis=0)
        rows, cols = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        frames = frames[:, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        frames = events.coarsen(frames, factor)
        spacing *= factor
        h, w = frames.shape[1:]
        count = 0
        for k, t in enumerate(minutes):
            if t < 30 or (t - 30) % every > 0.01 or t + 10 > minutes[-1]:
                continue
            past = [j for j in range(k + 1) if t - minutes[j] <= 40.01]
            u, v = motion.estimate_motion(frames[past], minutes[past])
            planes = list(pipeline.history(frames[past], minutes[past], t, u, v))
            for lead in pipeline.LEADS:
                hit = np.flatnonzero(np.abs(minutes - t - lead) < 0.5)
                if len(hit):
                    planes.append(advection.fetch(frames[hit[0]], smooth_displacement(u, v, -lead)))
                else:
                    planes.append(np.full((h, w), np.nan, f32))
            planes = np.asarray(planes)
            chosen = []
            for y, x in tiles(h, w):
                part = planes[:, y : y + TILE, x : x + TILE]
                ok = np.isfinite(part)
                wet = np.where(ok, part, 0)
                score = np.log1p(wet[[0, 4, 5, 6]]).mean()
                if ok[0].mean() > 0.1 and ok[4:].any() and score > 0.002:
                    chosen.append((float(score), y, x, part))
            chosen.sort(key=lambda c: -c[0])
            for score, y, x, part in chosen[:keep]:
                tile = np.full((12, TILE, TILE), np.nan, np.float16)
                tile[:, : part.shape[1], : part.shape[2]] = np.minimum(part, pipeline.CAP)
                out.write(tile.tobytes())
                held = (
                    name == "mch-2017"
                    or (name == "opera" and x > 0.7 * (w - TILE))
                    or (name == "mrms" and x > 0.8 * (w - TILE))
                    or (name == "knmi" and t > 380)
                )
                index.append(
                    dict(event=name, spacing=spacing, minute=float(t), y=y, x=x, rain=score,
                         part="held" if held else "train")
                )
                count += 1
        print(name, factor, frames.shape, count, "samples", round(time.time() - began), "s", flush=True)
    out.close()
    with open(os.path.join(cache, "samples.json"), "w") as f:
        json.dump(index, f)
    print(len(index), "samples;", sum(i["part"] == "held" for i in index), "held out")


if __name__ == "__main__":
    main(*sys.argv[1:3])
