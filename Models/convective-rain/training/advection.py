# Models/convective-rain/training. Semi-Lagrangian transport along a steady motion field.
"""Backward semi-Lagrangian advection, as the program computes it (single precision).

``displacement(u, v, minutes)``: the vector D(x) such that what lies at cell x after ``minutes``
was at x - D(x). The path is cut into n = max(1, ceil(|minutes| / 5 - 1e-6)) equal steps of dt;
starting from D = 0, each step solves by three fixed-point iterations from d = 0 the mid-point rule
    d <- dt * motion(x - D - d / 2)
with the motion bilinear and clamped at the border, then D <- D + d. Negative minutes follow the
motion the other way: D then points to where the cell is going.

``fetch(field, D)``: field at x - D, bilinear over the cells that are not missing: with weights
b_k of the four neighbours inside the grid and m_k = 1 where they are not missing,
sum(b m f) / sum(b m) where sum(b m) >= 0.5, else missing (NaN). Foot points further than half a
cell outside the grid are missing; those within are clamped to the border.
"""

import numpy as np

from motion import sample

f32 = np.float32
STEP_MINUTES = 5.0


def displacement(u, v, minutes):
    h, w = u.shape
    X, Y = np.meshgrid(np.arange(w, dtype=f32), np.arange(h, dtype=f32))
    Dx, Dy = np.zeros((h, w), f32), np.zeros((h, w), f32)
    if minutes == 0:
        return Dx, Dy
    n = max(1, int(np.ceil(abs(minutes) / STEP_MINUTES - 1e-6)))
    dt = f32(minutes / n)
    for _ in range(n):
        dx, dy = np.zeros_like(Dx), np.zeros_like(Dy)
        for _ in range(3):
            px, py = X - Dx - dx * f32(0.5), Y - Dy - dy * f32(0.5)
            dx, dy = sample(u, px, py) * dt, sample(v, px, py) * dt
        Dx, Dy = Dx + dx, Dy + dy
    return Dx, Dy


def fetch(fields, D):
    """Fields [..., y, x] at x - D; NaN is missing, in and out."""
    fields = np.asarray(fields, f32)
    h, w = fields.shape[-2:]
    X, Y = np.meshgrid(np.arange(w, dtype=f32), np.arange(h, dtype=f32))
    px, py = X - D[0], Y - D[1]
    outside = (px < -0.5) | (px > w - 0.5) | (py < -0.5) | (py > h - 0.5)
    px, py = np.clip(px, 0, w - 1), np.clip(py, 0, h - 1)
    i = np.minimum(px.astype(np.int32), max(w - 2, 0))
    j = np.minimum(py.astype(np.int32), max(h - 2, 0))
    fx, fy = px - i, py - j
    i1, j1 = np.minimum(i + 1, w - 1), np.minimum(j + 1, h - 1)
    corners = [
        (j * w + i, (1 - fx) * (1 - fy)),
        (j * w + i1, fx * (1 - fy)),
        (j1 * w + i, (1 - fx) * fy),
        (j1 * w + i1, fx * fy),
    ]
    flat = fields.reshape(-1, h * w)
    seen = np.isfinite(flat)
    flat = np.where(seen, flat, 0).astype(f32)
    total, weight = 0, 0
    for index, b in corners:
        total = total + flat[:, index] * b
        weight = weight + seen[:, index] * b
    good = (weight >= 0.5) & ~outside
    out = np.where(good, total / np.where(good, weight, 1), np.nan).astype(f32)
    return out.reshape(fields.shape)
