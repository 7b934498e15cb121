// Room: CVectorKernels. The umbrella header.
#ifndef SQUALL_CVECTORKERNELS_H
#define SQUALL_CVECTORKERNELS_H

#include "squall_kernels.h"
#include "squall_processor.h"

#endif
