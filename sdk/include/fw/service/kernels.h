/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_KERNELS_H
#define FW_SERVICE_KERNELS_H

#include "fw/host.h"
#include "fw/service/kernels_array.h"
#include "fw/service/kernels_dense.h"
#include "fw/service/kernels_image.h"
#include "fw/service/kernels_layer.h"

FW_BEGIN_DECLS

#define FW_KERNELS_ID "fw.kernels/1"

enum { FW_KERNELS_CPU = 1, FW_KERNELS_CUDA = 2 };

/** One device, one queue: what is put in runs in that order. One thread at a time. */
struct fw_kernels_session;

/** A moment in a session's queue. */
struct fw_kernels_event;

/**
 * Dense numeric operations on one device. Provided by plugins, one per kind of device.
 *
 * Operations are put into the session's queue and may still be running when the call returns, so
 * that their failure is reported by a later call or by `synchronize`; what can be told from the
 * arguments (shapes, types, an operand that does not fit into its buffer) is refused at once with
 * FW_E_ARG, and the queue is as before. Out of memory is FW_E_NOMEM. What this provider or this
 * build of it cannot do at all is FW_E_UNSUPPORTED. Operations appended in a later minor are read
 * through FW_HAS. Each op struct starts with its struct_size; what is 0 in it has the meaning
 * of an absent operand or the plainest choice.
 *
 * Arrays are dense and row-major, images are [batch][channel][row][column]. Outputs may not
 * overlap inputs unless the operation says so. An array of no elements is no error.
 *
 * Reproducible: the same call gives the same bits in every run and for any number of threads, on
 * the same provider, libraries and model of processor; on the CPU a sample's result does not
 * depend on the batch that it is in either. `random`, `ranks` and `copy` give the same
 * bits with every provider. Sums are taken in a fixed order: float32 products are accumulated
 * in float32 in `gemm` and `conv2d`, everything else in float64 (CUDA: norm, softmax in float32).
 * Faults are recorded through the host given to `open`. [stage thread] unless said otherwise.
 */
struct fw_kernels {
    uint32_t struct_size;
    uint32_t device;    /**< FW_KERNELS_CPU, FW_KERNELS_CUDA */
    const char *engine; /**< what it is built of */

    /**
     * FW_OK when this machine has such a device. Otherwise FW_E_MISSING, and the sentence that
     * says why, "no CUDA device: ...", is in `ret_reason` (of that size, NUL-terminated).
     */
    fw_status (*available)(char *ret_reason, uint64_t reason_size);

    /** Threads and memory are those of fw.budget/1; `host` must outlive the session. */
    fw_status (*open)(const struct fw_host *host, struct fw_kernels_session **ret_session);

    /** Waits for what is queued. Accepts NULL. Its buffers and events must be gone. */
    void (*close)(struct fw_kernels_session *session);

    /** The device, the instruction set or architecture, threads, libraries; one line. */
    const char *(*describe)(const struct fw_kernels_session *session);

    /** Device memory, zeroed, aligned to 64 bytes or better. */
    fw_status (*buffer_create)(struct fw_kernels_session *session, uint64_t bytes,
                               struct fw_kernels_buffer **ret_buffer);

    /**
     * A buffer over the caller's memory, without copying: on a GPU it is read and written over the
     * bus, which is right for what is used once. `memory` must outlive it and be aligned to its
     * elements; after `synchronize` the caller sees what operations have written.
     */
    fw_status (*buffer_borrow)(struct fw_kernels_session *session, void *memory, uint64_t bytes,
                               struct fw_kernels_buffer **ret_buffer);

    /** Waits for operations that use it. Accepts NULL. */
    void (*buffer_destroy)(struct fw_kernels_buffer *buffer);

    /** Where the host can reach it, after `synchronize`; NULL where it cannot. */
    void *(*buffer_host)(const struct fw_kernels_buffer *buffer);

    /** In the order of the queue; `source` may be reused when it returns. */
    fw_status (*upload)(struct fw_kernels_session *session, struct fw_operand to,
                        const void *source, uint64_t bytes);

    /** Waits for what is queued before it. */
    fw_status (*download)(struct fw_kernels_session *session, struct fw_operand from,
                          void *ret_target, uint64_t bytes);

    /** Waits for the queue to be empty and reports what failed in it. */
    fw_status (*synchronize)(struct fw_kernels_session *session);

    /** A moment: recorded in the queue, and recorded again as often as wanted. */
    fw_status (*event_create)(struct fw_kernels_session *session,
                              struct fw_kernels_event **ret_event);
    void (*event_destroy)(struct fw_kernels_event *event);
    fw_status (*event_record)(struct fw_kernels_event *event);

    /** Device time between two recorded events, in milliseconds; waits for `last`. */
    fw_status (*event_elapsed)(const struct fw_kernels_event *first,
                               const struct fw_kernels_event *last, double *ret_ms);

    /* kernels_dense.h */
    fw_status (*gemm)(struct fw_kernels_session *session, const struct fw_gemm *op);
    fw_status (*conv2d)(struct fw_kernels_session *session, const struct fw_conv2d *op);

    /* kernels_layer.h */
    fw_status (*norm)(struct fw_kernels_session *session, const struct fw_norm *op);
    fw_status (*pool)(struct fw_kernels_session *session, const struct fw_pool *op);
    fw_status (*softmax)(struct fw_kernels_session *session, const struct fw_softmax *op);
    fw_status (*update)(struct fw_kernels_session *session, const struct fw_update *op);

    /* kernels_array.h */
    fw_status (*map)(struct fw_kernels_session *session, const struct fw_map *op);
    fw_status (*affine)(struct fw_kernels_session *session, const struct fw_affine *op);
    fw_status (*reduce)(struct fw_kernels_session *session, const struct fw_reduce *op);
    fw_status (*copy)(struct fw_kernels_session *session, const struct fw_copy *op);
    fw_status (*random)(struct fw_kernels_session *session, const struct fw_random *op);

    /* kernels_image.h */
    fw_status (*fft)(struct fw_kernels_session *session, const struct fw_fft *op);
    fw_status (*box_sum)(struct fw_kernels_session *session, const struct fw_box_sum *op);
    fw_status (*patches)(struct fw_kernels_session *session, const struct fw_patches *op);
    fw_status (*ranks)(struct fw_kernels_session *session, const struct fw_ranks *op);
    fw_status (*bootstrap)(struct fw_kernels_session *session, const struct fw_bootstrap *op);
};
FW_ASSERT_NO_TAIL(struct fw_kernels, bootstrap);

FW_END_DECLS

#endif
