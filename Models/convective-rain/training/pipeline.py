# Models/convective-rain/training. The whole nowcast in Python, step for step as the program does it.
"""History into the moving frame, the network's input channels, and its answer turned into products.

This mirrors the Swift program: ``squall nowcast`` and this file must give the same fields.
"""

import numpy as np

import advection
import motion

f32 = np.float32

AGES = (0, 10, 20, 30)  # minutes before the reference time
LEADS = (10, 20, 30, 40, 60, 90, 120, 180)  # minutes after it
THRESHOLDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)  # mm h-1
CAP = 150.0  # mm h-1; rain above it is read as this
MULTIPLE = 16  # the network's height and width
CHANNELS = ("rain at 0", "rain at 10", "rain at 20", "rain at 30", "seen now", "seen always", "spacing")


def history(frames, minutes, reference, u, v):
    """The four slots [age, y, x], mm h-1, each carried to the reference time along the motion.

    A slot is the frame of that age (within half a minute). Where there is none, its neighbours
    in time, each carried to the reference time, are blended linearly by age; where only one of
    them sees the cell it stands alone. A slot older than the oldest frame repeats the oldest.
    """
    ages = reference - np.asarray(minutes, float)
    usable = [k for k in range(len(ages)) if ages[k] > -0.5]
    order = sorted(usable, key=lambda k: ages[k])
    carried = {}

    def at(k):
        if k not in carried:
            age = float(ages[k])
            D = advection.displacement(u, v, age) if abs(age) > 1e-3 else None
            carried[k] = frames[k] if D is None else advection.fetch(frames[k], D)
        return carried[k]

    slots = []
    for age in AGES:
        exact = [k for k in order if abs(ages[k] - age) <= 0.5]
        if exact:
            slots.append(at(min(exact, key=lambda k: abs(ages[k] - age))))
            continue
        younger = [k for k in order if ages[k] < age]
        older = [k for k in order if ages[k] > age]
        if not older:
            slots.append(at(order[-1]))
        elif not younger:
            slots.append(at(older[0]))
        else:
            a, b = younger[-1], older[0]
            share = f32((age - ages[a]) / (ages[b] - ages[a]))
            A, B = at(a), at(b)
            mix = A * (1 - share) + B * share
            slots.append(np.where(np.isfinite(mix), mix, np.where(np.isfinite(A), A, B)).astype(f32))
    return np.asarray(slots, f32)


def channels(slots, spacing_km):
    """The network's input [channel, y, x] from the four slots."""
    seen = np.isfinite(slots)
    rain = np.clip(np.where(seen, slots, 0), 0, CAP)
    x = np.empty((7,) + slots.shape[1:], f32)
    x[:4] = np.log1p(rain * f32(5)) / f32(3)
    x[4] = seen[0]
    x[5] = seen.all(axis=0)
    x[6] = f32(np.log2(spacing_km))
    return x


def padded(x):
    """Pads with missing (zeros; the spacing channel keeps its value) to a multiple of 16."""
    h, w = x.shape[-2:]
    H, W = -(-h // MULTIPLE) * MULTIPLE, -(-w // MULTIPLE) * MULTIPLE
    out = np.zeros((7, H, W), f32)
    out[6] = x[6, 0, 0]
    out[:, :h, :w] = x
    return out


def exceedance(network, frames, minutes, reference, spacing_km, leads, motion_field=None):
    """(probabilities [lead, threshold, y, x] on the working grid, analysis slots, motion).

    ``network`` maps a [1, 7, H, W] array to [1, lead, threshold, H, W]. Leads between the nominal
    ones are interpolated linearly in the moving frame, lead 0 being the analysis itself.
    """
    u, v = motion_field if motion_field is not None else motion.estimate_motion(frames, minutes)
    slots = history(frames, minutes, reference, u, v)
    h, w = slots.shape[1:]
    p = np.asarray(network(padded(channels(slots, spacing_km))[None]))[0, :, :, :h, :w]
    now = slots[0]
    result = []
    for lead in leads:
        moving = between(p, now, lead)
        moving = np.where(np.isfinite(now), moving, np.nan).astype(f32)
        result.append(advection.fetch(moving, advection.displacement(u, v, float(lead))))
    return np.asarray(result, f32), slots, (u, v)


def between(p, now, lead):
    """Probabilities [threshold, y, x] in the moving frame at any lead from 0 to 180 min."""
    lead = min(float(lead), float(LEADS[-1]))
    if lead >= LEADS[0]:
        k = max(i for i, nominal in enumerate(LEADS) if nominal <= lead)
        if k == len(LEADS) - 1:
            return p[k]
        before, after, t0, t1 = p[k], p[k + 1], LEADS[k], LEADS[k + 1]
    else:
        before = (now[None] >= np.asarray(THRESHOLDS, f32)[:, None, None]).astype(f32)
        after, t0, t1 = p[0], 0, LEADS[0]
    share = f32((lead - t0) / (t1 - t0))
    return before * (1 - share) + after * share


def cut(table, lead):
    """The quantile table [lead, threshold] at any lead: linear between leads, constant outside."""
    table = np.asarray(table, float)
    return np.asarray([np.interp(lead, LEADS, table[:, k]) for k in range(table.shape[1])], f32)


def rate(p, cuts):
    """Rain rate [y, x] from probabilities [threshold, y, x] and the cut of each threshold.

    g = p - cut. The highest threshold with g >= 0 is reached; between it and the next one the
    rate is interpolated in log rain where g crosses 0. Below the lowest threshold: 0. Beyond the
    highest: 50 mm/h times 2 ** (g / (1 - cut)), so at most 100 mm/h.
    """
    g = p - cuts[:, None, None]
    n = len(THRESHOLDS)
    logs = np.log(np.asarray(THRESHOLDS, f32))
    reached = np.zeros(p.shape[1:], int)
    for k in range(n):
        reached = np.where(g[k] >= 0, k + 1, reached)
    out = np.zeros(p.shape[1:], f32)
    for k in range(n):
        here = reached == k + 1
        if k + 1 < n:
            lower, upper = g[k], g[k + 1]
            share = np.clip(lower / np.maximum(lower - upper, f32(1e-6)), 0, 1)
            value = np.exp(logs[k] + share * (logs[k + 1] - logs[k]))
        else:
            value = THRESHOLDS[-1] * 2.0 ** (g[k] / (1 - cuts[k]))
        out = np.where(here, value, out)
    return np.where(np.isfinite(p[0]), out, np.nan).astype(f32)


def refined(a, factor, shape):
    """A working-grid field back on the input grid: bilinear at cell centres, NaN aware."""
    if factor == 1:
        return a
    h, w = shape
    y = ((np.arange(h, dtype=f32) + f32(0.5)) / factor - f32(0.5)).clip(0, a.shape[0] - 1)
    x = ((np.arange(w, dtype=f32) + f32(0.5)) / factor - f32(0.5)).clip(0, a.shape[1] - 1)
    big = np.full((h, w), np.nan, f32)
    H, W = max(h, a.shape[0]), max(w, a.shape[1])
    padded_a = np.full((H, W), np.nan, f32)
    padded_a[: a.shape[0], : a.shape[1]] = a
    X, Y = np.meshgrid(np.arange(W, dtype=f32), np.arange(H, dtype=f32))
    Dx, Dy = np.zeros((H, W), f32), np.zeros((H, W), f32)
    px, py = np.meshgrid(x, y)
    Dx[:h, :w], Dy[:h, :w] = X[:h, :w] - px, Y[:h, :w] - py
    big[...] = advection.fetch(padded_a, (Dx, Dy))[:h, :w]
    return big
