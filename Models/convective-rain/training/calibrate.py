# Models/convective-rain/training. Chooses the probability cuts of the deterministic rain rate.
"""``python calibrate.py CACHE WEIGHTS.pt [COUNT]``: writes cuts.json from training events only.

The critical success index (CSI) of "probability >= cut" is highest near cut = CSI / (1 + CSI) and
flat around it; the absolute error is the sum over rain-rate bands of false alarms and misses, and
lowest at cut 0.5. Every event's CSI is divided by its own best. Below 5 mm/h the cut is the largest
whose relative CSI, docked for a frequency bias above 1.3 or below 0.8, is within 0.01 of the best
on the mean of the events. At 5 mm/h, where events differ most, it makes the sum of mean and worst
event largest, since no kind of storm may be lost. From 10 mm/h on, where the bands are wide and
errors costly, events weigh as the square root of how often they reach the threshold, and the cut
is no lower than keeps false alarms plus misses within 10 % of their least, nor than 0.33. Events: the held-out samples,
and Brisbane's and Switzerland's convective training samples (which the network has learnt from,
but which alone stand for organised storms). Cuts are made to fall with lead and with threshold,
and rare thresholds borrow from the next lower one. Prints reliability too.
"""

import json
import os
import sys

import numpy as np
import torch

import pipeline
from network import NL, NT, ConvectiveRain
from train import TH, Samples

BINS = 100


def histograms(cache, weights, count, part="held", only=None):
    """Cells by probability bin [event][lead, threshold, bin, happened]."""
    net = ConvectiveRain()
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    net.eval()
    samples = Samples(cache, part)
    by_event = {}
    for k in samples.ids:
        if only and samples.index[k]["event"] not in only:
            continue
        by_event.setdefault(samples.index[k]["event"], []).append(k)
    rng = np.random.default_rng(5)
    result = {}
    for event, ids in sorted(by_event.items()):
        ids = rng.permutation(ids)[: max(1, count // len(by_event))]
        h = np.zeros((NL, NT, BINS, 2))
        for k in ids:
            tile = samples.data[k].astype(np.float32)
            x = pipeline.channels(tile[:4], samples.index[k]["spacing"])
            with torch.no_grad():
                p = net(torch.from_numpy(x)[None])[0].numpy()
            bins = np.minimum((p * BINS).astype(int), BINS - 1)
            for lead in range(NL):
                ok = np.isfinite(tile[4 + lead]) & np.isfinite(tile[0])
                truth = tile[4 + lead][ok]
                for j in range(NT):
                    b = bins[lead, j][ok] * 2 + (truth >= TH[j])
                    h[lead, j] += np.bincount(b, minlength=2 * BINS).reshape(BINS, 2)
        result[event] = h
    return result


def scores(h):
    """CSI and bias [lead, threshold, cut] where the forecast is 'probability >= cut / BINS'."""
    above = h[..., ::-1, :].cumsum(axis=-2)[..., ::-1, :]
    hits, false = above[..., 1], above[..., 0]
    events = h[..., 1].sum(axis=-1, keepdims=True)
    return hits / np.maximum(false + events, 1), (hits + false) / np.maximum(events, 1)


def choose(by_event):
    cuts = np.full((NL, NT), np.nan)
    for lead in range(NL):
        for j in range(NT):
            curves, errors, weights = [], [], []
            for h in by_event.values():
                csi, bias = (v[lead, j] for v in scores(h))
                if h[lead, j, :, 1].sum() > 300 and csi.max() > 0.02:
                    log = np.log(np.clip(bias, 0.1, 10))
                    docked = np.maximum(log - np.log(1.3), 0) + np.maximum(np.log(0.8) - log, 0)
                    curves.append(csi / csi.max() - (0.15 * docked if TH[j] != 5 else 0))
                    errors.append(1 + bias - 2 * csi * (1 + bias) / (1 + csi))
                    weights.append(np.sqrt(h[lead, j, :, 1].sum() / h[lead, j].sum()))
            if curves and TH[j] == 5:
                value = np.mean(curves, axis=0) + np.min(curves, axis=0)
                cuts[lead, j] = np.flatnonzero(value >= value.max() - 0.005).max() / BINS
            elif curves:
                if TH[j] < 5:
                    cuts[lead, j] = np.flatnonzero(np.mean(curves, axis=0) >= np.mean(curves, axis=0).max() - 0.01).max() / BINS
                    continue
                mean = np.average(curves, axis=0, weights=weights)
                best = np.flatnonzero(mean >= mean.max() - 0.01).max() / BINS
                wrong = np.average(errors, axis=0, weights=weights)[: BINS // 2 + 1]
                least = np.flatnonzero(wrong <= 1.1 * wrong.min()).min() / BINS
                cuts[lead, j] = max(best, least, 0.33)
    for j in range(NT):
        for lead in range(NL):
            earlier = cuts[lead - 1, j] if lead else np.nan
            if np.isnan(cuts[lead, j]):
                cuts[lead, j] = earlier if lead else cuts[lead, j - 1]
            cuts[lead, j] = np.fmin(cuts[lead, j], earlier)
    return np.clip(cuts, 0.08, 0.5)


def main(cache, weights, count=200):
    by_event = histograms(cache, weights, int(count))
    learnt = histograms(cache, weights, 30, "train", ("brisbane-train", "mch-2015"))
    total = sum(by_event.values())
    print("reliability: lead, threshold: observed frequency where 0.0-0.1, 0.1-0.2, ... was said")
    for lead in (2, 4, 5):
        for j in (2, 4):
            t = total[lead, j].reshape(10, BINS // 10, 2).sum(axis=1)
            print(pipeline.LEADS[lead], TH[j], np.round(t[:, 1] / np.maximum(t.sum(axis=1), 1), 2))
    by_event.update(learnt)
    np.savez(os.path.join(cache, "histograms.npz"), **by_event)
    cuts = choose(by_event)
    for event, h in by_event.items():
        csi, bias = scores(h)
        at = np.round(cuts * BINS).astype(int)
        for lead in (0, 2, 4, 5):
            print(event, pipeline.LEADS[lead], *(
                f"| {TH[j]:g}: best {csi[lead, j].max():.3f} at {csi[lead, j].argmax() / BINS:.2f}, "
                f"cut {csi[lead, j, at[lead, j]]:.3f} bias {bias[lead, j, at[lead, j]]:.2f}" for j in (2, 4, 5)))
    save(cuts)
    print(np.round(cuts, 2))


def save(cuts):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cuts.json"), "w") as f:
        json.dump([[round(float(c), 3) for c in row] for row in cuts], f)


if __name__ == "__main__":
    main(*sys.argv[1:])
