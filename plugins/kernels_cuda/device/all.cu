/* SPDX-License-Identifier: MIT */
/* One compilation: what the files share is compiled once, and there is one module to load. */
#include "array.cu"
#include "dense.cu"
#include "image.cu"
#include "layer.cu"
#include "reduce.cu"
#include "sort.cu"
