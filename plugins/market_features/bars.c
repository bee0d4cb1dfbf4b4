/* SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include <stdio.h>

#include "market_features.h"
#include "sql/stream.h"

/* The columns of the query in input.c, all DOUBLE and none NULL. */
enum { DAY, OPEN, HIGH, LOW, CLOSE, VOLUME, VIX, VIX_ROWS };

fw_status market_fail(struct market *market, fw_status status, const char *where,
                      const char *remedy, const char *format, ...)
{
    struct market_failure *failure = &market->failure;
    va_list args;

    va_start(args, format);
    vsnprintf(failure->what, sizeof failure->what, format, args);
    va_end(args);
    snprintf(failure->where, sizeof failure->where, "%s", where != NULL ? where : "");
    failure->remedy = remedy;
    failure->status = status;
    return status;
}

static fw_status fetch(struct market *market)
{
    struct market_bars *bars = &market->bars;

    while (bars->batch.release == NULL || bars->next == bars->batch.length) {
        if (bars->batch.release != NULL) {
            bars->batch.release(&bars->batch);
        }
        bars->next = 0;
        int code = bars->stream.get_next(&bars->stream, &bars->batch);
        if (code != 0) {
            bars->batch.release = NULL;
            return market_fail(market, fw_status_from_errno(code), NULL, NULL, "%s",
                               bars->stream.get_last_error(&bars->stream));
        }
        if (bars->batch.release == NULL) {
            return FW_OK;
        }
    }
    return FW_MORE;
}

static double cell(const struct market_bars *bars, int column)
{
    const struct ArrowArray *values = bars->batch.children[column];

    return ((const double *)values->buffers[1])[values->offset + bars->next];
}

/* A day that occurs twice would be two days to every window. */
static fw_status check_day(struct market *market, const struct fw_bar *bar)
{
    char day[MARKET_DAY_TEXT];

    market_day_text(bar->day, day, sizeof day);
    if (atomic_load(&market->counts.read) > 0 && bar->day <= market->last_day) {
        return market_fail(market, FW_E_DATA, "prices", "give one row a day",
                           "there are two or more rows for %s", day);
    }
    if (cell(&market->bars, VIX_ROWS) > 1) {
        return market_fail(market, FW_E_DATA, "vix", "give one row a day",
                           "there are two or more values for %s", day);
    }
    return FW_OK;
}

fw_status market_bars_next(struct market *market, struct fw_bar *ret_bar)
{
    struct market_bars *bars = &market->bars;
    fw_status status = fetch(market);

    if (status != FW_MORE) {
        return status;
    }
    *ret_bar = (struct fw_bar){
        .day = (int32_t)cell(bars, DAY),
        .open = cell(bars, OPEN),
        .high = cell(bars, HIGH),
        .low = cell(bars, LOW),
        .close = cell(bars, CLOSE),
        .volume = cell(bars, VOLUME),
        .vix = cell(bars, VIX),
    };
    status = check_day(market, ret_bar);
    if (status != FW_OK) {
        return status;
    }
    market->last_day = ret_bar->day;
    bars->next++;
    return FW_MORE;
}

void market_bars_close(struct market_bars *bars)
{
    if (bars->batch.release != NULL) {
        bars->batch.release(&bars->batch);
    }
    if (bars->is_open) {
        bars->stream.release(&bars->stream);
    }
    bars->is_open = false;
}
