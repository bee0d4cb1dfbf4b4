/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_OUTCOME_H
#define FW_LIB_ANALYSIS_OUTCOME_H

/*
 * What each function of this library returns. Results are written on failure too: NaN, unless the
 * function says otherwise. Nothing prints, aborts or has a state of its own. [any thread]
 */
enum fw_outcome {
    FW_OUTCOME_OK,
    FW_OUTCOME_INSUFFICIENT, /**< too few data for a figure */
    FW_OUTCOME_BAD_ARGUMENT, /**< the caller's mistake; nothing was changed */
    FW_OUTCOME_NUMERIC       /**< what is not finite, or a division by 0 */
};

#endif
