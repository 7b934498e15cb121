# Models/convective-rain/training. Chooses the probability cuts of the deterministic rain rate.
"""``python calibrate.py CACHE WEIGHTS.pt [COUNT]``: writes cuts.json from held-out training samples.

For each lead and threshold: the largest cut whose critical success index is within 1.5 % of the
best one and whose frequency bias is at least 0.8. A high cut keeps the absolute error low, a cut
near CSI / (1 + CSI) makes the index highest; the index is flat between. Cuts are then made to fall
with lead and with threshold, and rare thresholds borrow from the next lower one. Samples of each
event weigh alike. Prints reliability too.
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
SLACK = 0.985


def histograms(cache, weights, count, part="held"):
    """Cells by probability bin [event][lead, threshold, bin, happened]."""
    net = ConvectiveRain()
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    net.eval()
    samples = Samples(cache, part)
    by_event = {}
    for k in samples.ids:
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
    total = sum(
        h / np.maximum(h.sum(axis=(1, 2, 3), keepdims=True), 1) * 1e6 for h in by_event.values() if h.sum()
    )
    csi, bias = scores(total)
    events = total[..., 1].sum(axis=-1)
    cuts = np.full((NL, NT), np.nan)
    for lead in range(NL):
        for j in range(NT):
            good = (csi[lead, j] >= SLACK * csi[lead, j].max()) & (bias[lead, j] >= 0.8)
            if events[lead, j] > 200 and good.any():
                cuts[lead, j] = np.flatnonzero(good).max() / BINS
            elif events[lead, j] > 200:
                cuts[lead, j] = np.flatnonzero(bias[lead, j] >= 0.8).max() / BINS
    for j in range(1, NT):
        cuts[:, j] = np.where(np.isnan(cuts[:, j]), cuts[:, j - 1], np.minimum(cuts[:, j], cuts[:, j - 1]))
    for lead in range(NL):
        if lead:
            cuts[lead] = np.minimum(cuts[lead], cuts[lead - 1])
    return np.clip(cuts, 0.08, 0.5)


def main(cache, weights, count=200):
    by_event = histograms(cache, weights, int(count))
    total = sum(by_event.values())
    print("reliability: lead, threshold: observed frequency where 0.0-0.1, 0.1-0.2, ... was said")
    for lead in (2, 4, 5):
        for j in (2, 4):
            t = total[lead, j].reshape(10, BINS // 10, 2).sum(axis=1)
            print(pipeline.LEADS[lead], TH[j], np.round(t[:, 1] / np.maximum(t.sum(axis=1), 1), 2))
    cuts = choose(by_event)
    for event, h in by_event.items():
        csi, bias = scores(h)
        at = np.round(cuts * BINS).astype(int)
        for lead in (0, 2, 4, 5):
            print(event, pipeline.LEADS[lead], *(
                f"| {TH[j]:g}: best {csi[lead, j].max():.3f} at {csi[lead, j].argmax() / BINS:.2f}, "
                f"cut {csi[lead, j, at[lead, j]]:.3f} bias {bias[lead, j, at[lead, j]]:.2f}" for j in (2, 4, 5)))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cuts.json"), "w") as f:
        json.dump([[round(float(c), 3) for c in row] for row in cuts], f)
    print(np.round(cuts, 2))


if __name__ == "__main__":
    main(*sys.argv[1:])
