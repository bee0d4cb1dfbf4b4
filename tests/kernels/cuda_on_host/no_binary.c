/* SPDX-License-Identifier: MIT */
#include "kernels_cuda/binary.h"

/* The stand-in for the driver has the kernels itself. */
const unsigned char fw_kernels_binary[] = {0};
