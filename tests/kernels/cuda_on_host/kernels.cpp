/* SPDX-License-Identifier: MIT */
#include "device.h"

/* The kernels themselves, as they are compiled for the device. */
#include "kernels_cuda/device/array.cu"
#include "kernels_cuda/device/dense.cu"
#include "kernels_cuda/device/image.cu"
#include "kernels_cuda/device/layer.cu"
#include "kernels_cuda/device/reduce.cu"
#include "kernels_cuda/device/sort.cu"
