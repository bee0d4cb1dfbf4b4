/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_WEIGHTS_WEIGHTS_H
#define FW_LIB_WEIGHTS_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/element.h>
#include <fw/host.h>

/*
 * Checkpoint files of nets, which say what they are: little-endian, without gaps,
 *
 *     "FWCK", u32 version, u64 bytes of the document, u64 tensors, u64 bytes of the file,
 *     u32 CRC-32 of everything before the tensors' elements (itself taken as 0), u32 0
 *     the document: a JSON object
 *     per tensor 128 bytes: name (64, filled up with NUL), u32 element (fw/element.h), u32 rank,
 *     u64 shape[4] (1 beyond the rank), u64 offset in the file, u64 bytes, u32 CRC-32, u32 0
 *     the elements of each tensor
 *
 * Nothing of a file is believed before all of it is checked. [stage thread]
 */

enum { FW_WEIGHTS_VERSION = 1, FW_WEIGHTS_NAME = 64, FW_WEIGHTS_RANK = 4 };

struct fw_weights_tensor {
    char name[FW_WEIGHTS_NAME]; /**< unique in a file */
    uint32_t element;           /**< FW_F32 ... */
    uint32_t rank;
    uint64_t shape[FW_WEIGHTS_RANK]; /**< those beyond the rank are 1 */
    const void *data;
};

/** Bytes of its elements. */
uint64_t fw_weights_bytes(const struct fw_weights_tensor *tensor);

/** Fills in all but the data. False when the name is too long. */
bool fw_weights_describe(struct fw_weights_tensor *ret_tensor, const char *name, uint32_t element,
                         const uint64_t *shape, uint32_t rank);

/**
 * Puts a file at `path`: written beside it, flushed to the disk and renamed. Equal documents and
 * tensors give equal bytes. FW_E_IO, FW_E_NOSPACE, FW_E_NOMEM.
 */
fw_status fw_weights_write(const struct fw_host *host, const char *path, const cJSON *document,
                           const struct fw_weights_tensor *tensors, size_t n);

/** A file that was read and found whole, in memory. */
struct fw_weights;

/** FW_E_MISSING, FW_E_IO, FW_E_NOMEM; FW_E_DATA for what is damaged or no such file. */
fw_status fw_weights_open(const struct fw_host *host, const char *path,
                          struct fw_weights **ret_weights);

/** Accepts NULL. */
void fw_weights_close(struct fw_weights *weights);

const cJSON *fw_weights_document(const struct fw_weights *weights);

/** In the order of the file; NULL: there is none of that name. */
size_t fw_weights_n(const struct fw_weights *weights);
const struct fw_weights_tensor *fw_weights_at(const struct fw_weights *weights, size_t i);
const struct fw_weights_tensor *fw_weights_find(const struct fw_weights *weights, const char *name);

/**
 * Refuses a file whose document differs from `wanted` in one of these members, and says in which
 * place and how: "model.width is 64 in the file, wanted 32". FW_E_DATA.
 */
fw_status fw_weights_expect(const struct fw_weights *weights, const cJSON *wanted,
                            const char *const *members, size_t n_members);

/** Refuses a file without that tensor or with one of another shape or element. FW_E_DATA. */
fw_status fw_weights_expect_tensor(const struct fw_weights *weights,
                                   const struct fw_weights_tensor *wanted);

#endif
