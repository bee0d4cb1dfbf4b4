/* SPDX-License-Identifier: MIT */
#include "market_features.h"

static void put_row(const struct market *market, void *const *columns, size_t row,
                    const double *values)
{
    ((int32_t *)columns[0])[row] = market->state.bar.day;
    for (size_t i = 0; i < market->n_columns; i++) {
        if (fw_indicators[i].is_whole) {
            ((int64_t *)columns[i + 1])[row] = (int64_t)values[i];
        } else {
            ((double *)columns[i + 1])[row] = values[i];
        }
    }
}

/*
 * On a thread of the engine; one at a time. A failure ends the rows as the end of the series does:
 * the engine has nothing to say about it.
 */
static size_t fill(void *self, void *const *columns, size_t room)
{
    struct market *market = self;
    double values[MARKET_COLUMNS_MAX];
    struct fw_bar bar;
    fw_status status = FW_MORE;
    size_t n = 0;

    while (n < room && (status = market_bars_next(market, &bar)) == FW_MORE) {
        status = market_day_take(market, &bar, values);
        if (status == FW_MORE) {
            put_row(market, columns, n++, values);
        } else if (status != FW_OK) {
            break;
        }
    }
    return status == FW_MORE || status == FW_OK ? n : 0;
}

void market_rows_stream(struct market *market, struct ArrowArrayStream *ret_stream)
{
    market->columns[0] = (struct fw_rows_column){"Date", "tdD"};
    for (size_t i = 0; i < market->n_columns; i++) {
        market->columns[i + 1] =
            (struct fw_rows_column){fw_indicators[i].name, fw_indicators[i].is_whole ? "l" : "g"};
    }
    market->rows = (struct fw_rows){.columns = market->columns,
                                    .n_columns = market->n_columns + 1,
                                    .fill = fill,
                                    .self = market};
    fw_rows_stream(&market->rows, ret_stream);
}
