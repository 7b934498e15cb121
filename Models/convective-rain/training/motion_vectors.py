# Models/convective-rain/training. Writes tests/motion_*: simulated blobs, their motion and advection.
"""Reference vectors for the program's motion and advection, from simulated rain only.

For each case: NAME_frames.npy [time, y, x] mm h-1 with NaN missing; NAME_motion.npy [2, y, x] (u, v);
NAME_displacement.npy [2, y, x] for +30 min; NAME_advected.npy [2, y, x], the newest frame fetched
with the displacements for +30 and -20 min. NAME.json gives the frames' minutes and the tolerances.
"""

import json
import os

import numpy as np

import advection
import motion

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "motion")


def blobs(h, w, minutes, speed, turn, seed, hole):
    rng = np.random.default_rng(seed)
    n = 14
    cx, cy = rng.uniform(0, w, n), rng.uniform(0, h, n)
    size, peak = rng.uniform(2.5, 7, n), rng.uniform(1, 40, n)
    growth = rng.uniform(-0.02, 0.015, n)
    Y, X = np.mgrid[0:h, 0:w]
    frames = []
    for t in minutes:
        a = np.zeros((h, w))
        for k in range(n):
            angle = turn * t
            dx, dy = cx[k] - w / 2, cy[k] - h / 2
            x = w / 2 + dx * np.cos(angle) - dy * np.sin(angle) + speed[0] * t
            y = h / 2 + dx * np.sin(angle) + dy * np.cos(angle) + speed[1] * t
            r2 = ((X - x) ** 2 + ((Y - y) * 1.4) ** 2) / size[k] ** 2
            a = np.maximum(a, peak[k] * np.exp(growth[k] * t) * np.exp(-r2 / 2))
        a = np.round(np.where(a < 0.05, 0, a), 2)
        angle = np.arctan2(Y - hole[1], X - hole[0])
        a[(angle > 0.2) & (angle < 0.55)] = np.nan
        frames.append(a)
    return np.asarray(frames, np.float32)


CASES = {
    "fast": dict(h=48, w=64, minutes=[0, 10, 20, 30], speed=(0.9, -0.35), turn=0.004, seed=1, hole=(40, 30)),
    "odd": dict(h=37, w=50, minutes=[0, 5, 15, 20, 25], speed=(-0.3, 0.4), turn=0.0, seed=2, hole=(0, 0)),
    "tiny": dict(h=9, w=13, minutes=[0, 15], speed=(0.05, 0.02), turn=0.0, seed=3, hole=(9, 9)),
}


def main():
    os.makedirs(OUT, exist_ok=True)
    for name, c in CASES.items():
        frames = blobs(**c)
        u, v = motion.estimate_motion(frames, c["minutes"])
        D = advection.displacement(u, v, 30.0)
        moved = [advection.fetch(frames[-1], advection.displacement(u, v, m)) for m in (30.0, -20.0)]
        for what, a in (
            ("frames", frames), ("motion", [u, v]), ("displacement", D), ("advected", moved)
        ):
            np.save(os.path.join(OUT, f"{name}_{what}.npy"), np.asarray(a, np.float32))
        with open(os.path.join(OUT, f"{name}.json"), "w") as f:
            json.dump(
                {
                    "minutes": c["minutes"],
                    "displacement_minutes": 30,
                    "advected_minutes": [30, -20],
                    "tolerance": {
                        "motion_cells_per_minute": 0.002,
                        "displacement_cells": 0.05,
                        "advected_mm_per_hour": 0.3,
                        "note": "advected uses the exact motion of NAME_motion.npy: then 1e-3 suffices",
                    },
                },
                f, indent=1,
            )
        print(name, frames.shape, "u", u.min(), u.max(), "v", v.min(), v.max(), "true", c["speed"])


if __name__ == "__main__":
    main()
