// Room: Grids.
