# Models/convective-rain/training. The radar events: reading, units, the working grid.
"""Reads the events of the data folder as rain rate in mm h-1 on the working grid (NaN missing)."""

import glob
import os

import netCDF4
import numpy as np

f32 = np.float32
FINE_KM = 0.75  # grids finer than this are coarsened to about 1 km

# name: (path under the data folder, spacing in km, first and last minute of day used, role)
EVENTS = {
    "mch-2015": ("radar/mch-2015-05-15.nc", 1.0, "train"),
    "mch-2017": ("radar/mch-2017-01-31.nc", 1.0, "train"),
    "knmi": ("radar/knmi-2010-08-26.nc", 1.0, "train"),
    "opera": ("radar/opera-2018-08-24.nc", 2.0, "train"),
    "mrms": ("radar/mrms-2019-06-10.nc", 2.0, "train"),
    "brisbane-train": ("radar/raw/brisbane-2020-10-31", 0.5, "train"),
    "brisbane-valid": ("radar/raw/brisbane-2020-10-31", 0.5, "validation"),
    "fmi": ("radar/fmi-2016-09-28.nc", 1.0, "validation"),
}


def coarsen(a, factor):
    """Mean of the valid cells of factor x factor blocks; missing where under half are valid."""
    if factor == 1:
        return a
    h, w = a.shape[-2:]
    H, W = -(-h // factor), -(-w // factor)
    pad = [(0, 0)] * (a.ndim - 2) + [(0, H * factor - h), (0, W * factor - w)]
    a = np.pad(a, pad, constant_values=np.nan)
    a = a.reshape(a.shape[:-2] + (H, factor, W, factor))
    seen = np.isfinite(a)
    n = seen.sum(axis=(-3, -1))
    total = np.where(seen, a, 0).sum(axis=(-3, -1))
    return np.where(2 * n >= factor * factor, total / np.maximum(n, 1), np.nan).astype(f32)


def despeckle(a, limit=150.0):
    """Clutter: a rate above ``limit`` whose eight neighbours' mean is below a tenth of it."""
    from scipy.ndimage import uniform_filter

    z = np.where(np.isfinite(a), a, 0)
    around = (uniform_filter(z, 3) * 9 - z) / 8
    return np.where((z > 20) & (around < 0.1 * z), around.astype(f32), np.minimum(a, f32(limit)))


def read(data, name):
    """(frames [time, y, x] at native spacing, minutes since the first frame, spacing in km)."""
    path, spacing, _ = EVENTS[name]
    path = os.path.join(data, path)
    if os.path.isdir(path):
        files = sorted(glob.glob(os.path.join(path, "*.nc")))
        if name.endswith("train"):
            files = [f for f in files if f.split("_")[-1][:4] >= "0900"]
        else:
            files = [f for f in files if f.split("_")[-1][:4] <= "0850"]
        frames, times = [], []
        for f in files:
            with netCDF4.Dataset(f) as d:
                minutes = (int(d["valid_time"][...]) - int(d["start_time"][...])) / 60.0
                frames.append(d["precipitation"][:].astype(f32).filled(np.nan) * (60.0 / minutes))
                times.append(int(d["valid_time"][...]) / 60.0)
    else:
        with netCDF4.Dataset(path) as d:
            times = np.asarray(d["time"][:]) / 60.0
            frames = [d["rainfall_rate"][k].astype(f32).filled(np.nan) for k in range(len(times))]
        if name == "opera":
            frames = [despeckle(a) for a in frames]
    frames = np.asarray(frames, f32)
    return frames, np.asarray(times) - times[0], spacing


def working(data, name):
    """As ``read``, on the working grid."""
    frames, minutes, spacing = read(data, name)
    if spacing < FINE_KM:
        factor = int(round(1.0 / spacing))
        return coarsen(frames, factor), minutes, spacing * factor
    return frames, minutes, spacing


def start_time(data, name):
    """Time of the first frame of ``read``, as numpy datetime64."""
    path, _, _ = EVENTS[name]
    path = os.path.join(data, path)
    if os.path.isdir(path):
        first = "0900" if name.endswith("train") else "0000"
        files = [f for f in sorted(glob.glob(os.path.join(path, "*.nc"))) if f.split("_")[-1][:4] >= first]
        with netCDF4.Dataset(files[0]) as d:
            seconds = int(d["valid_time"][...])
    else:
        with netCDF4.Dataset(path) as d:
            seconds = int(round(float(d["time"][0])))
    return np.datetime64(seconds, "s")
