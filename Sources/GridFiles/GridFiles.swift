// Room: GridFiles.
