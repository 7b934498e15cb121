#!/usr/bin/env python3
"""Simulates a squall line that crosses a coast, as two radars would see it.

Writes twelve frames to forecast from (frames/) and twelve to verify against (verification/), one CF
NetCDF file a time. Nothing in them was measured; README.md says how they are made.

    python3 make_squall_line.py [--folder DIR] [--seed N]

Needs numpy and netCDF4. The same seed gives the same fields.
"""

import argparse
import datetime
import pathlib

import netCDF4
import numpy as np

SIZE = 256  # cells a side
SPACING = 1.0  # km
STEP = 10  # minutes
HISTORY, VERIFICATION = 12, 12
START = datetime.datetime(2024, 7, 18, 9, 0)
CENTRE = (120.6, 36.0)  # longitude and latitude of the grid's centre
SPEED = (12.2, -3.4)  # m/s, eastward and northward: from the land out to sea
TURN = -5.0  # degrees an hour, the line's slow clockwise swing
RADARS = [(-34.0, 22.0), (38.0, -46.0)]  # km east and north of the centre
RANGE = 120.0  # km
BLOCKED = (236.0, 255.0)  # azimuths from the first radar that a hill hides, degrees
BLOCKED_BEYOND = 18.0  # km
MINUTES = STEP * np.arange(HISTORY + VERIFICATION)


def axes():
    centres = (np.arange(SIZE) - (SIZE - 1) / 2) * SPACING
    return np.meshgrid(centres, centres)


def powerlaw_noise(rng, shape, slope, shortest=2.0):
    """Gaussian noise, mean 0 and standard deviation 1, whose radial spectrum falls as k^slope."""
    ky = np.fft.fftfreq(shape[0])[:, None]
    kx = np.fft.rfftfreq(shape[1])[None, :]
    k = np.hypot(ky, kx)
    k[0, 0] = 1
    # A two-dimensional power density of k^(slope-1) sums over rings to a radial spectrum of k^slope.
    amplitude = k ** ((slope - 1) / 2) * np.exp(-((k * shortest) ** 2))
    amplitude[0, 0] = 0
    field = np.fft.irfft2(amplitude * np.fft.rfft2(rng.standard_normal(shape)), s=shape)
    return field / field.std()


class EvolvingNoise:
    """Power-law noise that forgets its small scales faster than its large ones.

    Each octave is a first-order autoregression with a memory that grows with its scale, as in the
    spectral models of rainfall (Seed 2003): 8 min at 4 km, 20 at 16 km, 60 at 64 km.
    """

    def __init__(self, rng, shape, slope):
        self.rng, self.shape, self.slope = rng, shape, slope
        ky = np.fft.fftfreq(shape[0])[:, None]
        kx = np.fft.rfftfreq(shape[1])[None, :]
        scale = 1 / np.maximum(np.hypot(ky, kx), 1 / max(shape))
        memory = 8.0 * (scale / 4.0) ** 0.75
        self.correlation = np.exp(-STEP / memory)
        self.state = np.fft.rfft2(powerlaw_noise(rng, shape, slope))

    def step(self):
        fresh = np.fft.rfft2(powerlaw_noise(self.rng, self.shape, self.slope))
        self.state = self.correlation * self.state + np.sqrt(1 - self.correlation**2) * fresh

    def field(self):
        return np.fft.irfft2(self.state, s=self.shape)


def sample(field, x, y):
    """The periodic field at fractional positions, bilinear."""
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - x0, y - y0
    height, width = field.shape

    def at(j, i):
        return field[j % height, i % width]

    return (
        at(y0, x0) * (1 - fy) * (1 - fx)
        + at(y0, x0 + 1) * (1 - fy) * fx
        + at(y0 + 1, x0) * fy * (1 - fx)
        + at(y0 + 1, x0 + 1) * fy * fx
    )


def smooth_line(rng, length, wavelengths, amplitudes):
    """A wandering line: a sum of sines with random phases."""

    def value(y):
        return sum(
            a * np.sin(2 * np.pi * y / w + p)
            for w, a, p in zip(wavelengths, amplitudes, phases)
        )

    phases = rng.uniform(0, 2 * np.pi, len(wavelengths))
    return value


def make_coast(rng):
    """Fraction of sea about each cell, smoothed over 12 km, for a coast with bays and headlands."""
    x, y = axes()
    wander = smooth_line(rng, SIZE, [210, 90, 41, 19], [16, 9, 5, 2.5])
    return 1 / (1 + np.exp(-(x + 22 + 0.25 * y - wander(y)) / 6.0))


def line_coordinates(minutes):
    """Distance ahead of the line and position along it, km, for every cell."""
    x, y = axes()
    hours = minutes / 60
    centre = (-98 + SPEED[0] * 3.6 * hours, 30 + SPEED[1] * 3.6 * hours)
    angle = np.deg2rad(-12 + TURN * hours)
    east, north = x - centre[0], y - centre[1]
    ahead = east * np.cos(angle) + north * np.sin(angle)
    along = -east * np.sin(angle) + north * np.cos(angle)
    return ahead, along


def make_cells(rng):
    """Storm cells: born on the line's leading edge, growing, drifting rearwards, decaying."""
    cells = []
    for birth in np.arange(-50.0, MINUTES[-1] + 5, 2.0):
        # The line is most vigorous after an hour and a half.
        vigour = 0.55 + 0.45 * np.exp(-(((birth - 90) / 90) ** 2))
        cells.append(
            dict(
                birth=birth + rng.uniform(-1, 1),
                life=rng.uniform(35, 75),
                along=np.clip(rng.normal(0, 52), -112, 112),
                ahead=rng.normal(1.5, 2.0),
                drift=(rng.normal(-4.5, 2.0), rng.normal(7.0, 3.0)),  # km/h, in the line's frame
                size=rng.uniform(2.2, 4.6),
                stretch=rng.uniform(1.0, 1.7),
                peak=vigour * min(rng.lognormal(np.log(24), 0.65), 70),
            )
        )
    for _ in range(16):  # scattered cells ahead of the line and behind it
        cells.append(
            dict(
                birth=rng.uniform(-40, MINUTES[-1]),
                life=rng.uniform(40, 90),
                along=rng.uniform(-110, 110),
                ahead=rng.uniform(18, 120),
                drift=(rng.normal(-14.0, 4.0), rng.normal(3.0, 3.0)),
                size=rng.uniform(1.8, 3.8),
                stretch=rng.uniform(0.7, 1.8),
                peak=min(rng.lognormal(np.log(16), 0.6), 60),
            )
        )
    return cells


def rainfall(minutes, cells, noise, fine, bend, wander, sea):
    """Rain rate in mm/h before any radar looks at it."""
    straight = line_coordinates(minutes)
    # Nothing in a storm is round: the frame itself is bent a few kilometres this way and that.
    ahead, along = (
        axis + 2.6 * sample(field, straight[0] + 200, straight[1] + 200)
        for axis, field in zip(straight, bend))
    # A bow: the middle leads, the wings trail; the edge itself wanders.
    front = ahead + 0.0016 * (along - 8) ** 2 + wander(along)
    ends = 1 / (1 + np.exp((np.abs(along) - 104) / 7))

    width = np.where(front > 0, 2.2, 5.5)
    convective = 5.0 * np.exp(-0.5 * (front / width) ** 2) * ends
    growth = 0.35 + 0.65 * np.clip((minutes + 60) / 150, 0, 1)
    behind = -front - 14
    stratiform = (
        2.3 * growth * ends
        * np.where(behind > 0, np.exp(-behind / 34), np.exp(-((behind / 5.5) ** 2)) * 0.95)
    )

    for cell in cells:
        age = (minutes - cell["birth"]) / cell["life"]
        if not 0 < age < 1:
            continue
        # Growth takes a third of a cell's life, decay the rest.
        strength = np.sin(np.pi * age**0.63) ** 1.5
        hours = (minutes - cell["birth"]) / 60
        across = front - (cell["ahead"] + cell["drift"][0] * hours)
        beside = along - (cell["along"] + cell["drift"][1] * hours)
        size = cell["size"] * (0.75 + 0.5 * age)
        distance2 = (across / size) ** 2 + (beside / (size * cell["stretch"])) ** 2
        # A peaked core within a broader skirt.
        shape = 0.8 * np.exp(-0.5 * distance2) + 0.2 * np.exp(-np.sqrt(distance2 + 0.1))
        convective += cell["peak"] * strength * shape

    # After sunset the land cools and starves the storms; the warm sea feeds them.
    evening = np.clip(minutes / 210, 0, 1)
    supply = (1 - sea) * (1 - 0.62 * evening) + sea

    # The texture rides with the line: it is sampled in the line's frame.
    texture = sample(noise, straight[0] + 200, straight[1] + 200)
    grain = sample(fine, straight[0] + 200, straight[1] + 200)
    decibels = np.where(convective > stratiform, 3.2, 2.8) * texture + 1.1 * grain
    return (convective * supply + stratiform * (0.5 + 0.5 * supply)) * 10 ** (decibels / 10) / 1.25


def observe(rate, rng):
    """What two radars make of it: sensitivity, noise, steps of one decibel, and where none sees."""
    x, y = axes()
    nearest = np.full(rate.shape, np.inf)
    for number, (east, north) in enumerate(RADARS):
        distance = np.hypot(x - east, y - north)
        seen = distance <= RANGE
        if number == 0:
            azimuth = np.rad2deg(np.arctan2(x - east, y - north)) % 360
            hidden = (azimuth > BLOCKED[0]) & (azimuth < BLOCKED[1])
            seen &= ~(hidden & (distance > BLOCKED_BEYOND))
        nearest = np.where(seen, np.minimum(nearest, distance), nearest)
    sees = np.isfinite(nearest)

    decibels = 10 * np.log10(np.maximum(rate, 1e-6)) + rng.normal(0, 0.25, rate.shape)
    decibels = np.round(decibels)
    faintest = 0.08 + 0.22 * np.where(sees, nearest / RANGE, 1) ** 2
    observed = np.where(10 ** (decibels / 10) >= faintest, 10 ** (decibels / 10), 0.0)
    return np.ma.masked_array(np.minimum(observed, 110), mask=~sees)


def write(path, rate, time):
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.Conventions = "CF-1.11"
        file.title = "Simulated squall line crossing a coast"
        file.source = "SampleData/make_squall_line.py: simulated, nothing was measured"
        file.institution = "Squall"
        file.comment = "Two radars of 120 km range; a hill hides one sector from the first of them."

        file.createDimension("time", 1)
        file.createDimension("y", SIZE)
        file.createDimension("x", SIZE)

        variable = file.createVariable("time", "f8", ("time",))
        # At most eight attributes a variable: one more makes HDF5 store them in 10 kB.
        variable.standard_name, variable.axis = "time", "T"
        variable.units, variable.calendar = "seconds since 1970-01-01 00:00:00", "standard"
        variable[:] = (time - datetime.datetime(1970, 1, 1)).total_seconds()

        for name, axis in (("y", "Y"), ("x", "X")):
            variable = file.createVariable(name, "f4", (name,))
            variable.standard_name = f"projection_{name}_coordinate"
            variable.units, variable.axis = "m", axis
            variable[:] = (np.arange(SIZE) - (SIZE - 1) / 2) * SPACING * 1000
        variable = file.createVariable("crs", "i4")
        variable[...] = 0
        variable.grid_mapping_name = "transverse_mercator"
        variable.longitude_of_central_meridian = CENTRE[0]
        variable.latitude_of_projection_origin = CENTRE[1]
        variable.scale_factor_at_central_meridian = 1.0
        variable.false_easting = variable.false_northing = 0.0
        variable.semi_major_axis, variable.inverse_flattening = 6378137.0, 298.257223563

        variable = file.createVariable(
            "rainfall_rate", "i2", ("time", "y", "x"), zlib=True, shuffle=True, complevel=9,
            fill_value=np.int16(-1), chunksizes=(1, SIZE, SIZE))
        variable.standard_name = "rainfall_rate"
        variable.units, variable.grid_mapping = "mm h-1", "crs"
        variable.cell_methods = "time: point"
        variable.scale_factor = np.float32(0.01)
        variable.set_auto_maskandscale(False)
        variable[0] = np.where(rate.mask, -1, np.round(rate.filled(0) * 100)).astype("i2")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--folder", type=pathlib.Path, default=here)
    parser.add_argument("--seed", type=int, default=20240718)
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    sea = make_coast(rng)
    cells = make_cells(rng)
    wander = smooth_line(rng, SIZE, [130, 57, 29, 13], [3.5, 2.2, 1.3, 0.7])
    noise = EvolvingNoise(rng, (400, 400), slope=-2.6)
    fine = EvolvingNoise(rng, (400, 400), slope=-1.8)
    bend = [powerlaw_noise(rng, (400, 400), slope=-3.0, shortest=6.0) for _ in range(2)]

    for index, minutes in enumerate(MINUTES):
        rate = rainfall(float(minutes), cells, noise.field(), fine.field(), bend, wander, sea)
        time = START + datetime.timedelta(minutes=int(minutes))
        folder = options.folder / ("frames" if index < HISTORY else "verification")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"squall-line_{time:%Y%m%dT%H%MZ}.nc"
        write(path, observe(rate, rng), time)
        noise.step()
        fine.step()


if __name__ == "__main__":
    main()
