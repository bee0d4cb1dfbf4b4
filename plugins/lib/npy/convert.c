/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"

/* Enough for a loop to run at full speed, little enough for the stack. */
enum { BLOCK = 512 };

static bool is_complex(enum fw_npy_type type)
{
    return type == FW_NPY_C8 || type == FW_NPY_C16;
}

bool npy_converts(enum fw_npy_type from, enum fw_npy_type as)
{
    bool number = from >= FW_NPY_BOOL && from <= FW_NPY_C16;

    return number && as >= FW_NPY_F4 && as <= FW_NPY_C16 && (is_complex(as) || !is_complex(from));
}

#define LOAD(type_)                                                                                \
    do {                                                                                           \
        for (size_t i = 0; i < n; i++) {                                                           \
            type_ item;                                                                            \
            memcpy(&item, items + i * stride, sizeof item);                                        \
            values[i] = (double)item;                                                              \
        }                                                                                          \
    } while (false)

/* One part (0 real, 1 imaginary) of n items. */
static void load(enum fw_npy_type type, const char *items, unsigned part, double *values, size_t n)
{
    size_t stride = fw_npy_type_bytes(type);

    if (part == 1 && !is_complex(type)) {
        memset(values, 0, n * sizeof *values);
        return;
    }
    items += part == 1 ? stride / 2 : 0;
    switch (type) {
    case FW_NPY_BOOL:
    case FW_NPY_U1:
        LOAD(uint8_t);
        break;
    case FW_NPY_I1:
        LOAD(int8_t);
        break;
    case FW_NPY_I2:
        LOAD(int16_t);
        break;
    case FW_NPY_I4:
        LOAD(int32_t);
        break;
    case FW_NPY_I8:
        LOAD(int64_t);
        break;
    case FW_NPY_U2:
        LOAD(uint16_t);
        break;
    case FW_NPY_U4:
        LOAD(uint32_t);
        break;
    case FW_NPY_U8:
        LOAD(uint64_t);
        break;
    case FW_NPY_F4:
    case FW_NPY_C8:
        LOAD(float);
        break;
    default:
        LOAD(double);
    }
}

/* As floats or doubles, `step` of them apart. */
static void store(enum fw_npy_type as, void *items, size_t at, const double *values, size_t n)
{
    size_t step = is_complex(as) ? 2 : 1;

    if (as == FW_NPY_F4 || as == FW_NPY_C8) {
        float *to = (float *)items + at;
        for (size_t i = 0; i < n; i++) {
            to[i * step] = (float)values[i];
        }
    } else {
        double *to = (double *)items + at;
        for (size_t i = 0; i < n; i++) {
            to[i * step] = values[i];
        }
    }
}

void npy_convert(enum fw_npy_type from, const void *items, enum fw_npy_type as, void *ret_items,
                 size_t n)
{
    size_t stride = fw_npy_type_bytes(from), step = is_complex(as) ? 2 : 1;
    double values[BLOCK];

    for (size_t at = 0; at < n; at += BLOCK) {
        size_t size = n - at < BLOCK ? n - at : BLOCK;
        for (unsigned part = 0; part < step; part++) {
            load(from, (const char *)items + at * stride, part, values, size);
            store(as, ret_items, at * step + part, values, size);
        }
    }
}
