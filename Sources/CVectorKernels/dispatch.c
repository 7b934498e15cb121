// Room: CVectorKernels. Choice of the kernel variant.
#include "CVectorKernels.h"
