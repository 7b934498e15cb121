# Models/convective-rain/training. Trains the network on the prepared samples.
"""``python train.py CACHE OUT.pt MINUTES [THREADS] [train|all] [FIRST.pt]``: trains for so many minutes of wall time.

Weighted binary cross-entropy on every threshold and lead where the truth is seen; each threshold
and lead weighs as the inverse of its climatological entropy, so that heavy rain counts. AdamW with
a cosine schedule over the time budget, an exponential average of the weights, and the best average
by the loss on held-out samples is what is kept in OUT.pt; OUT-mean.pt is the mean of the averages
from a third of the time on, which keeps long leads from being learnt by heart. With ``all`` and FIRST.pt it goes on from those
weights, on the held-out samples as well, at a lower rate, and keeps the last average. Seeds are fixed; the number of steps a time budget
allows is not, so weights differ between machines.
"""

import json
import math
import multiprocessing
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import pipeline
from network import NL, NT, ConvectiveRain

CROP, BATCH = 128, 6
LR, DECAY = 1.5e-3, 0.03
TH = np.asarray(pipeline.THRESHOLDS, np.float32)
# What is judged most: 1 and 5 mm/h, 30 to 90 min.
THRESHOLD_WEIGHT = np.asarray([0.6, 0.8, 1.4, 1.0, 1.5, 0.9, 0.5, 0.15], np.float32)
LEAD_WEIGHT = np.asarray([0.8, 0.9, 1.2, 1.0, 1.3, 1.3, 0.7, 0.5], np.float32)
# How often a sample of each event is drawn: first, and when going on with all samples, where the
# few samples of the small events would otherwise be learnt by heart.
SHARE = {"brisbane-train": 0.20, "mch-2015": 0.20, "mch-2017": 0.05, "knmi": 0.15, "opera": 0.28, "mrms": 0.12}
SHARE_ALL = {"brisbane-train": 0.12, "mch-2015": 0.17, "mch-2017": 0.16, "knmi": 0.18, "opera": 0.27, "mrms": 0.10}


class Samples:
    def __init__(self, cache, part):
        with open(os.path.join(cache, "samples.json")) as f:
            index = json.load(f)
        self.data = np.memmap(os.path.join(cache, "samples.f16"), np.float16, "r").reshape(-1, 12, 256, 256)
        self.index = index
        self.ids = np.asarray([k for k, i in enumerate(index) if part == "all" or i["part"] == part])
        weight = np.asarray([index[k]["rain"] ** 0.5 for k in self.ids])
        names = [index[k]["event"] for k in self.ids]
        share = SHARE_ALL if part == "all" else SHARE
        for name in set(names):
            here = np.asarray([n == name for n in names])
            weight[here] *= share[name] / weight[here].sum()
        self.p = weight / weight.sum()

    def crop(self, rng, size=CROP):
        """One augmented crop: slots [4, y, x] and truths [8, y, x] in mm/h with NaN, spacing."""
        k = self.ids[rng.choice(len(self.ids), p=self.p)]
        tile = self.data[k]
        spacing = self.index[k]["spacing"]
        best, score = None, -1.0
        coarse = spacing < 1.5 and rng.random() < 0.12 and size * 2 <= 256
        n = size * 2 if coarse else size
        for _ in range(3):
            y, x = rng.integers(0, 256 - n + 1, 2)
            probe = np.nan_to_num(tile[[0, 6, 8], y : y + n : 4, x : x + n : 4].astype(np.float32))
            seen = np.isfinite(tile[0, y : y + n : 4, x : x + n : 4]).mean()
            s = np.log1p(probe).mean() * (0.2 + seen) + 1e-3 * rng.random()
            if s > score:
                best, score = (y, x), s
            if rng.random() < 0.25:
                break
        y, x = best
        a = tile[:, y : y + n, x : x + n].astype(np.float32)
        if coarse:
            ok = np.isfinite(a).reshape(12, size, 2, size, 2).sum(axis=(2, 4))
            a = np.nan_to_num(a).reshape(12, size, 2, size, 2).sum(axis=(2, 4))
            a = np.where(ok >= 2, a / np.maximum(ok, 1), np.nan)
            spacing *= 2
        turn = rng.integers(0, 8)
        a = np.rot90(a, turn % 4, axes=(1, 2))
        if turn >= 4:
            a = a[:, :, ::-1]
        a = a * np.float32(math.exp(rng.uniform(-0.4, 0.4)))
        return self.spoil(a, rng), spacing

    def spoil(self, a, rng):
        """Missing sectors, absent old frames, a motion estimate that is a little wrong."""
        a = np.ascontiguousarray(a)
        size = a.shape[-1]
        if rng.random() < 0.3:  # motion error: slots and truths slide apart, whole cells
            ex, ey = rng.normal(0, 0.05, 2)  # cells per minute
            for k in range(12):
                minutes = -pipeline.AGES[k] if k < 4 else pipeline.LEADS[k - 4]
                dx, dy = int(round(ex * minutes)), int(round(ey * minutes))
                if dx or dy:
                    a[k] = shifted(a[k], dy, dx)
        r = rng.random()
        if r < 0.12:  # the oldest are repeated
            last = rng.integers(1, 4)
            a[last:4] = a[last - 1]
        if rng.random() < 0.12:
            Y, X = np.mgrid[0:size, 0:size]
            cy, cx = rng.uniform(-0.5, 1.5, 2) * size
            angle = np.arctan2(Y - cy, X - cx)
            start, width = rng.uniform(-math.pi, math.pi), rng.uniform(0.05, 0.4)
            a[: 4 if rng.random() < 0.5 else 1, (angle - start) % (2 * math.pi) < width] = np.nan
        return a

    def batch(self, rng, n=BATCH):
        xs, ys = [], []
        for _ in range(n):
            a, spacing = self.crop(rng)
            xs.append(pipeline.channels(a[:4], spacing))
            ys.append(a[4:])
        return torch.from_numpy(np.asarray(xs)), torch.from_numpy(np.asarray(ys, dtype=np.float32))


def produce(cache, part, seed, queue):
    """Endless batches, from a process of their own."""
    torch.set_num_threads(1)
    samples, rng = Samples(cache, part), np.random.default_rng(seed)
    while True:
        queue.put(tuple(t.numpy() for t in samples.batch(rng)))


def shifted(a, dy, dx):
    out = np.full_like(a, np.nan)
    h, w = a.shape
    out[max(dy, 0) : h + min(dy, 0), max(dx, 0) : w + min(dx, 0)] = a[
        max(-dy, 0) : h - max(dy, 0), max(-dx, 0) : w - max(dx, 0)
    ]
    return out


def losses(net, x, y, offset):
    """Summed cross-entropy and count [lead, threshold] over the seen cells, every second one."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=True):
        logits = net.logits(x.contiguous(memory_format=torch.channels_last), offset)
    y = y[:, :, offset[0] :: 2, offset[1] :: 2]
    seen = torch.isfinite(y)[:, :, None]
    event = (torch.nan_to_num(y)[:, :, None] >= torch.from_numpy(TH)[None, None, :, None, None]).float()
    e = (F.relu(logits) + torch.log1p(torch.exp(-logits.abs())) - logits * event) * seen
    return e.sum(dim=(0, 3, 4)), seen.sum(dim=(0, 3, 4)).expand(NL, NT), (event * seen).sum(dim=(0, 3, 4))


def main(cache, out, minutes, threads=1, part="train", first=None):
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    train, held = Samples(cache, part), Samples(cache, "held")
    print(len(train.ids), "training samples,", len(held.ids), "held out", flush=True)
    quiet = np.random.default_rng(2)
    check = [held.batch(quiet) for _ in range(20)]
    # Climatological entropy of each threshold and lead over some training batches.
    hits, n = np.zeros((NL, NT)), np.zeros((NL, 1))
    for _ in range(30):
        _, y = train.batch(rng)
        y = y.numpy()
        for k in range(NL):
            v = y[:, k][np.isfinite(y[:, k])]
            n[k] += v.size
            hits[k] += [(v >= t).sum() for t in TH]
    rate = np.clip(hits.sum(axis=0) / n.sum(), 1e-4, 0.5)
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    print("climatology", np.round(rate, 4), flush=True)
    weight = LEAD_WEIGHT[:, None] * THRESHOLD_WEIGHT[None] / entropy[None]
    weight = torch.from_numpy((weight / (LEAD_WEIGHT.sum() * THRESHOLD_WEIGHT.sum())).astype(np.float32))

    def score(sums, counts):
        return (weight * sums / counts.clamp(min=1)).sum()

    net = ConvectiveRain().to(memory_format=torch.channels_last)
    rate_now = LR
    if first:
        net.load_state_dict(torch.load(first, map_location="cpu", weights_only=True))
        rate_now = LR / 3
    average = ConvectiveRain()
    average.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate_now, weight_decay=DECAY, betas=(0.9, 0.98))
    queue = multiprocessing.Queue(maxsize=6)
    producer = multiprocessing.Process(target=produce, args=(cache, part, 3, queue), daemon=True)
    producer.start()
    began, step, best, running, snapshots = time.time(), 0, 1e9, [], []
    budget = float(minutes) * 60
    next_check = 0.06 * budget
    while True:
        spent = time.time() - began
        share = spent / budget
        if share >= 1:
            break
        lr = rate_now * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in optimiser.param_groups:
            group["lr"] = lr
        x, y = map(torch.from_numpy, queue.get())
        sums, counts, _ = losses(net, x, y, divmod(step % 4, 2))
        loss = score(sums, counts)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        running.append(loss.item())
        keep = min(0.998, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, b in zip(average.parameters(), net.parameters()):
                a.lerp_(b, 1 - keep)
        if spent >= next_check:
            next_check += 0.06 * budget
            if next_check > budget:
                next_check = 0.985 * budget if spent < 0.98 * budget else 2 * budget
            average.eval()
            with torch.no_grad():
                total = [sum(v) for v in zip(*(losses(average, *b, (0, 0)) for b in check))]
                value = score(total[0], total[1]).item()
                by_lead = (weight * total[0] / total[1].clamp(min=1)).sum(dim=1) / weight.mul(torch.from_numpy(entropy.astype(np.float32))).sum(dim=1)
            mark = ""
            if value < best or part == "all":
                best, mark = value, " *"
                torch.save(average.state_dict(), out + ".part")
                os.replace(out + ".part", out)
            print(
                f"{spent / 60:5.1f} min step {step} lr {lr:.1e} train {np.mean(running[-200:]):.4f} held {value:.4f}{mark} "
                + " ".join(f"{v:.3f}" for v in by_lead), flush=True,
            )
            if share > 0.34:
                snapshots.append({k: v.clone() for k, v in average.state_dict().items()})
                mean = {k: sum(s[k] for s in snapshots) / len(snapshots) for k in snapshots[0]}
                torch.save(mean, out.replace(".pt", "-mean.pt"))


if __name__ == "__main__":
    main(*sys.argv[1:])
