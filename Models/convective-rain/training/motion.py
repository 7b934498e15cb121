# Models/convective-rain/training. Motion of rain from a few past frames, as the program computes it.
"""Dense motion of rain by coarse-to-fine, windowed Lucas-Kanade over all frame pairs.

Everything is in *cells* of the working grid and minutes; ``u`` is positive towards larger column,
``v`` towards larger row, both in cells per minute at the working grid's own spacing, whatever the
pyramid level they are refined on. Missing cells are NaN in, and the motion is finite everywhere.

Algorithm (single precision unless said; the Swift program follows it step by step)

1. FRAMES. ``select_frames``: start with the newest frame; walking back, take the next frame whose
   distance to the last one taken is at least 9.5 min; stop at 4 frames or beyond 40 min from the
   newest. (5-minute data: every second frame.) If that leaves only one frame, the newest and the
   oldest available are taken. With a single frame the motion is 0. Consecutive frames taken form
   the pairs (older A, newer B, dt minutes).
2. TRANSFORM. z = ln(max(min(R, 100), 0.2) / 0.2), and weight w = 1; missing: z = 0, w = 0.
3. PYRAMID. Level l has cells of 2**l working cells (last row and column partly filled):
   w' = (sum of w over the 2 x 2 block) / (cells of the block inside the grid),
   z' = (sum of w z) / (sum of w), 0 where the sum is 0. A cell's centre x at level l lies at
   working coordinate (x + 0.5) 2**l - 0.5. A level is halved again while its smaller side is at
   least 16 cells and l < ``COARSEST`` = 5. The finest level refined is ``FINEST`` = 2 (4 working
   cells), or the coarsest one there is where that is finer.
4. GLOBAL GUESS on level g = min(3, coarsest level): over candidate velocities
   (i, j) * 2**g / dt_mean cells per minute for integers |i|, |j| <= S,
   S = ceil(MAX_SPEED * dt_mean / 2**g) but at most 6, minimise the mean over all pairs of
   sum(w_A w_B (z_B(x) - z_A(x - d))**2) / max(sum(w_A w_B), 0.2 * cells) + 0.002 (i*i + j*j) E / (S*S)
   with d the candidate displacement of that pair, rounded to whole cells of the level, sums over
   cells where both lie inside, and E the mean of w z**2 over all frames. Ties: the smaller i*i + j*j, then the
   first in row-major order of (j, i). If E < 1e-6 the scene is dry: motion 0, done.
5. REFINEMENT from the coarsest level to the finest, ``ITERATIONS`` times at each level. The
   motion is carried to the next level by ``resample`` (bilinear at cell centres, clamped).
   For every pair, d = motion * dt / 2**l cells of the level and
     A'(x) = A(x - d/2), B'(x) = B(x + d/2)      bilinear, clamped to the border, for z and w both
     w  = w_A' w_B', 0 where either foot point lies outside [-0.5, n - 0.5]
     It = B' - A',  Ix = d/dx (A' + B')/2,  Iy likewise, central differences (one-sided at borders)
     q  = w / (1 + (It / RESIDUAL)**2)            distrusts growth and decay
     s  = dt / 2**l
     Sxx += q Ix Ix s s ... Syy, Sxy; Sxt -= q Ix It s; Syt -= q Iy It s
   The five sums are smoothed by ``blur`` (radius RADIUS cells of that level), then per cell
     lam = EPSILON * (mean over the level of (Sxx + Syy) / 2) + 1e-12
     solve [[Sxx+lam, Sxy], [Sxy, Syy+lam]] (du, dv) = (Sxt, Syt)
     |(du, dv)| is limited to 2**l / dt_mean (one cell of the level in a mean step)
     conf = (Sxx Syy - Sxy**2) / (Sxx + Syy + lam)  (never below 0)
   and motion <- (blur(conf * (motion + dm)) + kappa * base) / (blur(conf) + kappa)
   where kappa = 0.02 * (mean of blur(conf) over the level) + 1e-12 and base is the confidence-
   weighted mean of motion + dm over the level (one vector). Last, each vector is shortened to
   MAX_SPEED if it is longer.
6. The motion of the finest level is carried to level 0 by ``resample``.

``blur``: three passes of a (2 radius + 1) box along rows, then three along columns; cells outside
count as 0; divided by the box width each time. Running sums are in double precision.

Source: Lucas & Kanade (1981), Bouguet (2000, pyramids); confidence-weighted smoothing after
Knutsson & Westin (1993). The code is this project's own.
"""

import numpy as np

MAX_SPEED = 2.5  # cells per minute: 150 km/h at 1 km
FLOOR, CAP = 0.2, 100.0
FINEST, COARSEST = 2, 5
ITERATIONS = 3
RADIUS = 5
RESIDUAL = 1.0
EPSILON = 0.02

f32 = np.float32


def select_frames(minutes):
    """Indices (oldest first) of the frames used, for ascending times in minutes."""
    n = len(minutes)
    taken = [n - 1]
    for k in range(n - 2, -1, -1):
        if minutes[n - 1] - minutes[k] > 40.0 + 1e-6 or len(taken) == 4:
            break
        if minutes[taken[-1]] - minutes[k] >= 9.5 - 1e-6:
            taken.append(k)
    if len(taken) == 1 and n > 1:
        taken.append(0)
    return taken[::-1]


def transform(frame):
    frame = np.asarray(frame, f32)
    seen = np.isfinite(frame)
    rain = np.where(seen, frame, f32(FLOOR))
    z = np.log(np.maximum(np.minimum(rain, f32(CAP)), f32(FLOOR)) / f32(FLOOR)).astype(f32)
    return z, seen.astype(f32)


def halve(z, w):
    h, width = z.shape
    H, W = (h + 1) // 2, (width + 1) // 2
    pad = ((0, 2 * H - h), (0, 2 * W - width))
    zw, w, inside = (np.pad(a, pad) for a in (z * w, w, np.ones_like(w)))
    zw, w, inside = (a.reshape(H, 2, W, 2).sum(axis=(1, 3), dtype=f32) for a in (zw, w, inside))
    return np.where(w > 0, zw / np.where(w > 0, w, 1), 0).astype(f32), (w / inside).astype(f32)


def blur(a, radius):
    a = np.asarray(a, np.float64)
    for axis in (1, 0):
        a = np.moveaxis(a, axis, -1)
        for _ in range(3):
            c = np.cumsum(np.pad(a, [(0, 0)] * (a.ndim - 1) + [(radius + 1, radius)]), axis=-1)
            a = (c[..., 2 * radius + 1 :] - c[..., : -2 * radius - 1]) / (2 * radius + 1)
        a = np.moveaxis(a, -1, axis)
    return a.astype(f32)


def sample(a, x, y):
    """Bilinear value of a at fractional column x and row y, clamped to the border."""
    h, w = a.shape
    x = np.clip(x, 0, w - 1)
    y = np.clip(y, 0, h - 1)
    i = np.minimum(x.astype(np.int32), max(w - 2, 0))
    j = np.minimum(y.astype(np.int32), max(h - 2, 0))
    fx, fy = (x - i).astype(f32), (y - j).astype(f32)
    i1, j1 = np.minimum(i + 1, w - 1), np.minimum(j + 1, h - 1)
    flat = a.ravel()
    top = flat[j * w + i] * (1 - fx) + flat[j * w + i1] * fx
    bottom = flat[j1 * w + i] * (1 - fx) + flat[j1 * w + i1] * fx
    return (top * (1 - fy) + bottom * fy).astype(f32)


def resample(a, level, shape, to_level):
    """Carries a field from one pyramid level to another by cell centres."""
    s = 2.0 ** (to_level - level)
    x = ((np.arange(shape[1]) + 0.5) * s - 0.5).astype(f32)
    y = ((np.arange(shape[0]) + 0.5) * s - 0.5).astype(f32)
    x, y = np.meshgrid(x, y)
    return sample(a, x, y)


def gradient(a, axis):
    """Central differences, one-sided at the borders."""
    a = np.moveaxis(a, axis, -1)
    g = np.empty_like(a)
    if a.shape[-1] < 2:
        g[...] = 0
    else:
        g[..., 1:-1] = (a[..., 2:] - a[..., :-2]) * f32(0.5)
        g[..., 0] = a[..., 1] - a[..., 0]
        g[..., -1] = a[..., -1] - a[..., -2]
    return np.moveaxis(g, -1, axis)


def global_guess(pyramid, times, level):
    """One velocity for the whole scene (step 4), or None where the scene is dry."""
    dts = np.diff(times)
    mean_dt = float(np.mean(dts))
    cell = 2.0**level
    energy = float(np.mean([np.mean(w * z * z, dtype=np.float64) for z, w in pyramid]))
    if energy < 1e-6:
        return None
    reach = min(6, int(np.ceil(MAX_SPEED * mean_dt / cell)))
    h, width = pyramid[0][0].shape
    best, choice = None, (0, 0)
    for j in range(-reach, reach + 1):
        for i in range(-reach, reach + 1):
            total, possible = 0.0, True
            for k, dt in enumerate(dts):
                dx = int(np.floor(i * dt / mean_dt + 0.5))
                dy = int(np.floor(j * dt / mean_dt + 0.5))
                if abs(dx) >= width or abs(dy) >= h:
                    possible = False
                    break
                xb, xa = slice(max(dx, 0), width + min(dx, 0)), slice(max(-dx, 0), width - max(dx, 0))
                yb, ya = slice(max(dy, 0), h + min(dy, 0)), slice(max(-dy, 0), h - max(dy, 0))
                (za, wa), (zb, wb) = pyramid[k], pyramid[k + 1]
                w = (wa[ya, xa] * wb[yb, xb]).astype(np.float64)
                e = (zb[yb, xb] - za[ya, xa]).astype(np.float64)
                total += np.sum(w * e * e) / max(np.sum(w), 0.2 * h * width)
            if not possible:
                continue
            far = i * i + j * j
            cost = total / len(dts) + 0.002 * far * energy / max(reach * reach, 1)
            if best is None or cost < best[0] - 1e-12 or (abs(cost - best[0]) <= 1e-12 and far < best[1]):
                best, choice = (cost, far), (i, j)
    return choice[0] * cell / mean_dt, choice[1] * cell / mean_dt


def refine(u, v, pyramid, times, level):
    """One iteration of step 5 on one level."""
    dts = np.diff(times)
    mean_dt = float(np.mean(dts))
    cell = 2.0**level
    h, width = u.shape
    X, Y = np.meshgrid(np.arange(width, dtype=f32), np.arange(h, dtype=f32))
    sums = np.zeros((5, h, width), f32)
    for k, dt in enumerate(dts):
        (za, wa), (zb, wb) = pyramid[k], pyramid[k + 1]
        s = f32(dt / cell)
        hx, hy = u * (s * f32(0.5)), v * (s * f32(0.5))
        ax, ay, bx, by = X - hx, Y - hy, X + hx, Y + hy
        A, B = sample(za, ax, ay), sample(zb, bx, by)
        w = sample(wa, ax, ay) * sample(wb, bx, by)
        for px, py in ((ax, ay), (bx, by)):
            w = np.where((px < -0.5) | (px > width - 0.5) | (py < -0.5) | (py > h - 0.5), f32(0), w)
        It = B - A
        M = (A + B) * f32(0.5)
        Ix, Iy = gradient(M, 1) * s, gradient(M, 0) * s
        r = It / f32(RESIDUAL)
        q = w / (f32(1) + r * r)
        sums[0] += q * Ix * Ix
        sums[1] += q * Ix * Iy
        sums[2] += q * Iy * Iy
        sums[3] -= q * Ix * It
        sums[4] -= q * Iy * It
    sxx, sxy, syy, sxt, syt = (blur(a, RADIUS) for a in sums)
    lam = f32(EPSILON * np.mean(sxx + syy, dtype=np.float64) / 2 + 1e-12)
    a, c = sxx + lam, syy + lam
    det = a * c - sxy * sxy
    du, dv = (c * sxt - sxy * syt) / det, (a * syt - sxy * sxt) / det
    limit = f32(cell / mean_dt)
    shrink = np.minimum(f32(1), limit / np.maximum(np.hypot(du, dv), f32(1e-12)))
    un, vn = u + du * shrink, v + dv * shrink
    conf = np.maximum(sxx * syy - sxy * sxy, 0) / (sxx + syy + lam)
    total = float(np.mean(conf, dtype=np.float64)) + 1e-20
    base = [float(np.mean(conf * m, dtype=np.float64)) / total for m in (un, vn)]
    den = blur(conf, RADIUS)
    kappa = f32(0.02 * np.mean(den, dtype=np.float64) + 1e-12)
    un, vn = ((blur(conf * m, RADIUS) + kappa * f32(b)) / (den + kappa) for m, b in zip((un, vn), base))
    shrink = np.minimum(f32(1), f32(MAX_SPEED) / np.maximum(np.hypot(un, vn), f32(1e-12)))
    return (un * shrink).astype(f32), (vn * shrink).astype(f32)


def estimate_motion(frames, minutes):
    """Motion (u, v), float32, in working cells per minute, of ``frames`` [time, y, x] in mm h-1.

    ``minutes`` are the frames' times, ascending. Dry, missing or single frames give 0.
    """
    minutes = [float(m) for m in minutes]
    h, width = frames[0].shape
    zero = np.zeros((h, width), f32), np.zeros((h, width), f32)
    used = select_frames(minutes)
    if len(used) < 2:
        return zero
    times = [minutes[k] for k in used]
    levels = [[transform(frames[k]) for k in used]]
    while len(levels) <= COARSEST and min(levels[-1][0][0].shape) >= 16:
        levels.append([halve(z, w) for z, w in levels[-1]])
    finest, coarsest = min(FINEST, len(levels) - 1), len(levels) - 1
    g = min(3, coarsest)
    guess = global_guess(levels[g], times, g)
    if guess is None:
        return zero
    shape = levels[coarsest][0][0].shape
    u, v = np.full(shape, guess[0], f32), np.full(shape, guess[1], f32)
    for level in range(coarsest, finest - 1, -1):
        shape = levels[level][0][0].shape
        if level < coarsest:
            u, v = (resample(m, level + 1, shape, level) for m in (u, v))
        for _ in range(ITERATIONS):
            u, v = refine(u, v, levels[level], times, level)
    return resample(u, finest, (h, width), 0), resample(v, finest, (h, width), 0)
