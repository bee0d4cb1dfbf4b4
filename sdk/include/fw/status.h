/* SPDX-License-Identifier: MIT */
#ifndef FW_STATUS_H
#define FW_STATUS_H

#include "fw/macros.h"

FW_BEGIN_DECLS

/**
 * What a call across the boundary returns: 0 for success (for `step`: done), a positive
 * verdict documented by the call, or one of the negative classes below. No errno, exception,
 * longjmp or exit crosses the boundary.
 */
typedef int32_t fw_status;

enum {
    FW_OK = 0,
    FW_MORE = 1,           /**< step, advance: call again */
    FW_E_ARG = -1,         /**< the caller broke the contract of the call */
    FW_E_CONFIG = -2,      /**< a parameter or a combination of them cannot work */
    FW_E_DATA = -3,        /**< an input holds what it must not hold */
    FW_E_IO = -4,          /**< reading or writing failed */
    FW_E_NOMEM = -5,       /**< memory budget used up; the host may retry on a lower rung */
    FW_E_NOSPACE = -6,     /**< disk or temporary space used up */
    FW_E_CANCELLED = -7,   /**< the host asked to stop, and this is the answer */
    FW_E_UNSUPPORTED = -8, /**< valid, but outside what this code handles; the text names it */
    FW_E_MISSING = -9,     /**< an input, column, file or service is absent */
    FW_E_STATE = -10,      /**< restore: bytes that this version cannot read */
    FW_E_INTERNAL = -11    /**< a defect of the code that returns it */
};

/**
 * The five parts of a good error. `what` is required, the others may be NULL. All strings are
 * UTF-8, borrowed for the duration of the call that takes the fault.
 */
struct fw_fault {
    uint32_t struct_size;
    uint32_t reserved;
    const char *what;     /**< one sentence: what went wrong */
    const char *where;    /**< file:line, part, row, column */
    const char *value;    /**< the offending value as text */
    const char *expected; /**< what would have been accepted */
    const char *remedy;   /**< what the user can do about it */
};
FW_ASSERT_NO_TAIL(struct fw_fault, remedy);

FW_END_DECLS

#endif
