/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NAMED_CHOOSE_H
#define FW_LIB_NAMED_CHOOSE_H

#include "source/source.h"

/** Which columns of a table a model looks at. */
struct fw_features {
    const struct fw_source *source;
    const char *const *names; /**< these, in this order; n_names = 0: every number */
    size_t n_names;
    const struct fw_source_column *const *but; /**< are no features among every number */
    size_t n_but;
    bool with_prices; /**< Open, High, Low, Close, Volume among them */
};

/** FW_E_MISSING, FW_E_DATA where one is no number or none is; the caller frees. [stage thread] */
fw_status fw_features_choose(const struct fw_host *host, const struct fw_features *features,
                             const struct fw_source_column ***ret_columns, size_t *ret_n);

#endif
