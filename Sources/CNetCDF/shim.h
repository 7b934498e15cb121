#include <netcdf.h>
#include <netcdf_filter.h>
/* zlib comes with HDF5, below netCDF-C; Zarr stores are compressed with it. */
#include <zlib.h>
