# Models/convective-rain. Scores the nowcasts of Squall's own program on the validation events.
"""Prints event x lead x score for squall, Eulerian persistence and pysteps extrapolation.

    python verify.py --data ../../../shared/data [--squall ../../.build/release/squall]
                     [--python] [--every 20] [--events brisbane-valid,fmi] [--markdown]

``--python`` scores training/pipeline.py with ONNX Runtime instead of the program. All scores are
on the event's own grid, summed over all start times, over the cells where the observation and all
three forecasts have a value. CSI and bias: forecast >= threshold. FSS: 10 km square window, cells
outside the grid or unscored count as dry. spectrum: power of the forecast over power of the
observation at wavelengths from 8 to 32 km, 1 is perfect.
Needs the Python packages of training/requirements.txt.
"""

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "training"))
import events  # noqa: E402

LEADS = (10, 30, 60, 90)
KINDS = ("squall", "persistence", "extrapolation")


def persistence(frames, minutes, spacing, leads):
    return [frames[-1]] * len(leads)


def extrapolation(frames, minutes, spacing, leads):
    """pysteps: dense Lucas-Kanade of the last three frames, backward semi-Lagrangian."""
    with contextlib.redirect_stdout(io.StringIO()):
        from pysteps import extrapolation as extrapolate
        from pysteps import motion

        frames, minutes = frames[-3:], minutes[-3:]
        step = float(minutes[-1] - minutes[-2])
        decibel = np.where(frames >= 0.1, 10 * np.log10(np.maximum(frames, 0.1)), -15.0)
        decibel[~np.isfinite(frames)] = np.nan
        velocity = motion.get_method("LK")(np.ma.masked_invalid(decibel))
        out = extrapolate.get_method("semilagrangian")(
            frames[-1], velocity, [lead / step for lead in leads], allow_nonfinite_values=True
        )
    return list(out)


def by_python(network):
    """training/pipeline.py on ONNX Runtime: what the program should give."""
    import json

    import onnxruntime

    import pipeline

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    with open(os.path.join(HERE, "training", "cuts.json")) as f:
        cuts = json.load(f)

    def forecast(frames, minutes, spacing, leads, paths=None):
        factor = int(round(1.0 / spacing)) if spacing < events.FINE_KM else 1
        shape = frames.shape[1:]
        coarse = events.coarsen(frames, factor)
        p, _, _ = pipeline.exceedance(
            lambda x: session.run(None, {"history": x})[0], coarse, minutes, minutes[-1],
            spacing * factor, leads,
        )
        return [
            pipeline.refined(pipeline.rate(a, pipeline.cut(cuts, lead)), factor, shape)
            for a, lead in zip(p, leads)
        ]

    return forecast


def by_program(program, name, data, threads):
    """The program itself, on the event's own files."""
    import glob

    import netCDF4

    path = os.path.join(data, events.EVENTS[name][0])
    files = sorted(glob.glob(path + "/*.nc")) if os.path.isdir(path) else [path]

    def forecast(reference, history_minutes, leads):
        used = files
        if len(files) > 1:  # one file a time: hand over the history alone
            stamps = [reference - np.timedelta64(m, "m") for m in range(0, history_minutes + 1)]
            names = {str(s.astype("datetime64[s]")).replace("-", "").replace("T", "_").replace(":", "") for s in stamps}
            used = [f for f in files if any(n in os.path.basename(f) for n in names)]
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "nowcast.nc")
            subprocess.run(
                [program, "nowcast", *used, "-o", out, "--model", HERE,
                 "--reference-time", str(reference.astype("datetime64[m]")) + "Z",
                 "--lead-time", f"PT{max(leads)}M", "--step", "PT10M", "--threads", str(threads)],
                check=True, stdout=subprocess.DEVNULL,
            )
            with netCDF4.Dataset(out) as d:
                v = d["rainfall_rate"]
                axes = [d_ for d_ in v.dimensions]
                rate = v[:].astype(np.float32).filled(np.nan)
                lead = d["lead_time"]
                unit = lead.units.split()[0]
                minutes = np.asarray(lead[:], float) * {"seconds": 1 / 60, "s": 1 / 60, "minutes": 1, "min": 1, "hours": 60, "h": 60}[unit]
                rate = rate.reshape((-1,) + rate.shape[-2:])
                assert len(minutes) == len(rate), f"unexpected dimensions {axes}"
        return [rate[int(np.argmin(np.abs(minutes - m)))] for m in leads]

    return forecast


class Scores:
    """Sums over start times for one kind and lead."""

    def __init__(self):
        self.table = np.zeros((2, 3))
        self.error = self.count = 0.0
        self.fss = np.zeros((2, 2))
        self.power = np.zeros(2)

    def add(self, forecast, observed, ok, spacing):
        from scipy.ndimage import uniform_filter

        f, o = np.where(ok, forecast, 0), np.where(ok, observed, 0)
        width = 2 * int(5 / spacing) + 1
        for k, threshold in enumerate((1.0, 5.0)):
            a, b = f >= threshold, o >= threshold
            self.table[k] += [(a & b).sum(), (a & ~b).sum(), (~a & b).sum()]
            a, b = (uniform_filter(v.astype(np.float32), width, mode="constant") for v in (a, b))
            self.fss[k] += [((a - b) ** 2).sum(), (a**2 + b**2).sum()]
        self.error += np.abs(f - o).sum()
        self.count += ok.sum()
        for k, v in enumerate((f, o)):
            self.power[k] += band_power(v, spacing)

    def row(self):
        hits, false, miss = self.table.T
        return (
            *(hits / np.maximum(hits + false + miss, 1)), self.error / max(self.count, 1),
            *((hits + false) / np.maximum(hits + miss, 1)),
            *(1 - self.fss[:, 0] / np.maximum(self.fss[:, 1], 1e-9)),
            self.power[0] / max(self.power[1], 1e-9),
        )


def band_power(a, spacing):
    h, w = a.shape
    p = np.abs(np.fft.rfft2(a)) ** 2
    k = np.hypot(np.fft.fftfreq(h, spacing)[:, None], np.fft.rfftfreq(w, spacing)[None])
    return float(p[(k >= 1 / 32) & (k <= 1 / 8)].sum())


HEAD = ("event", "lead", "forecast", "CSI1", "CSI5", "MAE", "bias1", "bias5", "FSS1", "FSS5", "spectrum")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    parser.add_argument("--squall", default=os.path.join(HERE, "..", "..", ".build", "release", "squall"))
    parser.add_argument("--python", action="store_true")
    parser.add_argument("--network", default=os.path.join(HERE, "network.onnx"))
    parser.add_argument("--every", type=float, default=20, help="minutes between start times")
    parser.add_argument("--events", default="brisbane-valid,fmi")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--markdown", action="store_true")
    o = parser.parse_args()
    warnings.filterwarnings("ignore")
    worse = []
    line = "| " + " | ".join(["{}"] * len(HEAD)) + " |" if o.markdown else "{:14s} {:>4} {:13s}" + " {:>8}" * 8
    print(line.format(*HEAD), flush=True)
    if o.markdown:
        print(line.format(*["---"] * len(HEAD)))
    python = by_python(o.network) if o.python else None
    for name in o.events.split(","):
        frames, minutes, spacing = events.read(o.data, name)
        start = events.start_time(o.data, name)
        program = None if o.python else by_program(o.squall, name, o.data, o.threads)
        scores = {(kind, lead): Scores() for kind in KINDS for lead in LEADS}
        cases = 0
        for k, t in enumerate(minutes):
            if t < 30 or (t - 30) % o.every > 0.01 or t + max(LEADS) > minutes[-1] + 0.01:
                continue
            past = [j for j in range(k + 1) if t - minutes[j] <= 30.01]
            truth = [frames[int(np.argmin(np.abs(minutes - t - lead)))] for lead in LEADS]
            if not any((a >= 1).any() for a in truth):
                continue
            arguments = (frames[past], minutes[past], spacing, LEADS)
            if python:
                ours = python(*arguments)
            else:
                ours = program(start + np.timedelta64(int(round(t)), "m"), 30, LEADS)
            given = (ours, persistence(*arguments), extrapolation(*arguments))
            cases += 1
            for j, lead in enumerate(LEADS):
                ok = np.isfinite(truth[j])
                for g in given:
                    ok = ok & np.isfinite(g[j])
                for kind, g in zip(KINDS, given):
                    scores[kind, lead].add(g[j], truth[j], ok, spacing)
        for lead in LEADS:
            rows = {kind: scores[kind, lead].row() for kind in KINDS}
            for kind in KINDS:
                print(line.format(name, lead, kind, *("%.3f" % v for v in rows[kind])), flush=True)
            for column, sign in ((0, 1), (1, 1), (2, -1)):
                for rival in KINDS[1:]:
                    if sign * (rows["squall"][column] - rows[rival][column]) <= 0:
                        worse.append(f"{name} {lead} min {HEAD[3 + column]} against {rival}")
        print(f"{name}: {cases} start times", file=sys.stderr)
    print("squall is better everywhere in CSI1, CSI5 and MAE" if not worse else "not better: " + "; ".join(worse))
    return 2 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
