/* SPDX-License-Identifier: MIT */
#include "runs.h"

#include <string.h>

/* Groups of eight numbers in a run: more than a page's can be. */
enum { MAX_GROUPS = 1 << 28 };

unsigned parquet_runs_width(uint32_t max)
{
    return max == 0 ? 0 : 32 - (unsigned)__builtin_clz(max);
}

static uint64_t read_header(struct parquet_runs *runs)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 35 && runs->at < runs->end; shift += 7) {
        uint8_t byte = *runs->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    runs->at = runs->end;
    return 0;
}

static void begin_packed(struct parquet_runs *runs, uint64_t n_groups)
{
    const uint64_t left = (uint64_t)(runs->end - runs->at);
    uint64_t size = n_groups * runs->width;

    runs->packed = true;
    runs->numbers = runs->at;
    runs->length = n_groups * 8;
    if (size > left) { /* the last run may be cut off behind the last number that counts */
        size = left;
        runs->length = left * 8 / runs->width;
    }
    runs->at += size;
}

static bool next_run(struct parquet_runs *runs)
{
    const size_t size = (runs->width + 7) / 8;

    runs->start += runs->length;
    runs->length = 0;
    if (runs->at == runs->end) {
        return false;
    }
    uint64_t header = read_header(runs);
    if ((header & 1) != 0) {
        if (header >> 1 > MAX_GROUPS) {
            return false;
        }
        begin_packed(runs, header >> 1);
        return true;
    }
    if ((size_t)(runs->end - runs->at) < size) {
        return false;
    }
    runs->packed = false;
    runs->value = 0;
    memcpy(&runs->value, runs->at, size);
    runs->at += size;
    runs->length = header >> 1;
    return true;
}

/* Number `at` of the run; bytes up to the end of all may be looked at. */
static uint32_t number(const struct parquet_runs *runs, uint64_t at)
{
    if (!runs->packed) {
        return runs->value;
    }
    const uint64_t bit = at * runs->width;
    const uint8_t *from = runs->numbers + bit / 8;
    const size_t left = (size_t)(runs->end - from);
    uint64_t word = 0;
    memcpy(&word, from, left < sizeof word ? left : sizeof word);
    return (uint32_t)(word >> bit % 8 & ((UINT64_C(1) << runs->width) - 1));
}

bool parquet_runs_pick(struct parquet_runs *runs, const uint32_t *places, size_t n,
                       uint32_t *ret_numbers)
{
    for (size_t i = 0; i < n; i++) {
        while (places[i] >= runs->start + runs->length) {
            if (!next_run(runs)) {
                return false;
            }
        }
        ret_numbers[i] = number(runs, places[i] - runs->start);
    }
    return true;
}

bool parquet_runs_all(struct parquet_runs *runs, size_t n, uint8_t *ret_numbers)
{
    for (size_t done = 0; done < n;) {
        if (!next_run(runs)) {
            return false;
        }
        const size_t size = runs->length < n - done ? (size_t)runs->length : n - done;
        if (!runs->packed) {
            memset(ret_numbers + done, (int)runs->value, size);
        }
        for (size_t i = 0; runs->packed && i < size; i++) {
            ret_numbers[done + i] = (uint8_t)number(runs, i);
        }
        done += size;
    }
    return true;
}

static uint64_t count_bits(const uint8_t *bits, uint64_t from, uint64_t to)
{
    uint64_t n = 0;

    for (; from < to && from % 8 != 0; from++) {
        n += bits[from / 8] >> from % 8 & 1;
    }
    for (; from + 64 <= to; from += 64) {
        uint64_t word;
        memcpy(&word, bits + from / 8, sizeof word);
        n += (uint64_t)__builtin_popcountll(word);
    }
    for (; from < to; from++) {
        n += bits[from / 8] >> from % 8 & 1;
    }
    return n;
}

/* How many of the run's numbers in these places are `max`. */
static uint64_t count(const struct parquet_runs *runs, uint64_t from, uint64_t to, uint32_t max)
{
    uint64_t n = 0;

    if (!runs->packed) {
        return runs->value == max ? to - from : 0;
    }
    if (runs->width == 1 && max == 1) {
        return count_bits(runs->numbers, from, to);
    }
    for (; from < to; from++) {
        n += number(runs, from) == max;
    }
    return n;
}

bool parquet_runs_rank(struct parquet_runs *runs, const uint32_t *places, size_t n, uint32_t max,
                       uint8_t *ret_numbers, uint32_t *ret_ranks)
{
    uint64_t rank = 0, counted = 0; /* counted: places before which `rank` are max */

    for (size_t i = 0; i < n; i++) {
        while (places[i] >= runs->start + runs->length) {
            rank += count(runs, counted - runs->start, runs->length, max);
            counted = runs->start + runs->length;
            if (!next_run(runs)) {
                return false;
            }
        }
        const uint64_t place = places[i] - runs->start;
        rank += count(runs, counted - runs->start, place, max);
        counted = places[i];
        ret_numbers[i] = (uint8_t)number(runs, place);
        ret_ranks[i] = (uint32_t)rank;
    }
    return true;
}
