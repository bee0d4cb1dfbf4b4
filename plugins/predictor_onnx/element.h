/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_ONNX_ELEMENT_H
#define PREDICTOR_ONNX_ELEMENT_H

#include <fw/element.h>

/* The library's numbers for element types (ONNX's TensorProto.DataType); 0 where there is none. */
static inline int ort_from_element(uint32_t element)
{
    static const int numbers[] = {0, 1, 11, 6, 2, 7, 3, 5, 4, 9, 0, 0};
    return element < sizeof numbers / sizeof *numbers ? numbers[element] : 0;
}

static inline uint32_t ort_to_element(int number)
{
    static const uint32_t elements[] = {0,      FW_F32, FW_U8, FW_I8,   FW_U16, FW_I16,
                                        FW_I32, FW_I64, 0,     FW_BOOL, 0,      FW_F64};
    return number >= 0 && number < (int)(sizeof elements / sizeof *elements) ? elements[number] : 0;
}

#endif
