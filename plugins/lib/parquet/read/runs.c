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

/* Eight numbers are as many bytes as a number has bits. */
static void unpack_eight(const struct parquet_runs *runs, uint64_t at, uint8_t *to)
{
    const uint8_t *from = runs->numbers + at / 8 * runs->width;
    const size_t left = (size_t)(runs->end - from);
    const uint64_t mask = (UINT64_C(1) << runs->width) - 1;
    uint64_t word = 0;

    memcpy(&word, from, left < sizeof word ? left : sizeof word);
    for (unsigned i = 0; i < 8; i++) {
        to[i] = (uint8_t)(word >> i * runs->width & mask);
    }
}

bool parquet_runs_all(struct parquet_runs *runs, size_t n, uint8_t *ret_numbers)
{
    for (size_t done = 0; done < n;) {
        if (!next_run(runs)) {
            return false;
        }
        uint8_t *to = ret_numbers + done;
        const size_t size = runs->length < n - done ? (size_t)runs->length : n - done;
        size_t i = 0;
        for (; runs->packed && i + 8 <= size; i += 8) {
            unpack_eight(runs, i, to + i);
        }
        for (; i < size; i++) {
            to[i] = (uint8_t)number(runs, i);
        }
        done += size;
    }
    return true;
}

/* How to find a number, a few at a time: as many as 56 bits hold. */
struct finder {
    uint32_t number;
    unsigned width, n;
    uint64_t numbers; /* n times the number */
    uint64_t lowest;  /* the lowest bit of each */
};

static struct finder finder_of(const struct parquet_runs *runs, uint32_t number)
{
    struct finder finder = {
        .number = number, .width = runs->width, .n = runs->width > 0 ? 56 / runs->width : 56};

    for (unsigned i = 0; i < finder.n; i++) {
        finder.numbers |= (uint64_t)number << i * finder.width;
        finder.lowest |= UINT64_C(1) << i * finder.width;
    }
    return finder;
}

static unsigned count_ones(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* Of the numbers of a packed run from `at` on, up to n: the lowest bit of each that is found. */
static uint64_t find(const struct finder *finder, const struct parquet_runs *runs, uint64_t at,
                     uint64_t n)
{
    const uint64_t bit = at * finder->width;
    const uint8_t *from = runs->numbers + bit / 8;
    const size_t left = (size_t)(runs->end - from);
    uint64_t word = 0, other;

    memcpy(&word, from, left < sizeof word ? left : sizeof word);
    word = word >> bit % 8 ^ finder->numbers;
    other = word;
    for (unsigned i = 1; i < finder->width; i++) {
        other |= word >> i;
    }
    const uint64_t found = ~other & finder->lowest;
    return n < finder->n ? found & ((UINT64_C(1) << n * finder->width) - 1) : found;
}

/* How often the number is in these places of a run. */
static uint64_t count(const struct finder *finder, const struct parquet_runs *runs, uint64_t from,
                      uint64_t to)
{
    uint64_t n = 0;

    if (!runs->packed || finder->width == 0) {
        return number(runs, 0) == finder->number ? to - from : 0;
    }
    for (; from < to; from += finder->n) {
        n += count_ones(find(finder, runs, from, to - from));
    }
    return n;
}

bool parquet_runs_rank(struct parquet_runs *runs, const uint32_t *places, size_t n, uint32_t max,
                       uint8_t *ret_numbers, uint32_t *ret_ranks)
{
    const struct finder finder = finder_of(runs, max);
    uint64_t rank = 0, counted = 0; /* counted: places before which `rank` are max */

    for (size_t i = 0; i < n; i++) {
        const uint64_t at = places[i];
        while (at >= runs->start + runs->length) {
            rank += count(&finder, runs, counted - runs->start, runs->length);
            counted = runs->start + runs->length;
            if (!next_run(runs)) {
                return false;
            }
        }
        rank += count(&finder, runs, counted - runs->start, at - runs->start);
        counted = at;
        ret_numbers[i] = (uint8_t)number(runs, at - runs->start);
        ret_ranks[i] = (uint32_t)rank;
    }
    return true;
}

/* Which zeros are looked for, and how many there were so far. */
struct zeros {
    const uint32_t *ranks;
    size_t n, n_found;
    uint32_t *places;
    uint64_t passed;
};

/* Those among the zeros of a piece of a run, each a bit, that begins at `place`. */
static void find_among(struct zeros *zeros, uint64_t bits, unsigned width, uint64_t place)
{
    const unsigned n = count_ones(bits);

    while (zeros->n_found < zeros->n && zeros->ranks[zeros->n_found] < zeros->passed + n) {
        uint64_t left = bits;
        for (uint64_t k = zeros->passed; k < zeros->ranks[zeros->n_found]; k++) {
            left &= left - 1;
        }
        zeros->places[zeros->n_found++] =
            (uint32_t)(place + (unsigned)__builtin_ctzll(left) / width);
    }
    zeros->passed += n;
}

static void find_zeros(struct zeros *zeros, const struct finder *finder,
                       const struct parquet_runs *runs, uint64_t length)
{
    for (uint64_t at = 0; runs->packed && at < length; at += finder->n) {
        find_among(zeros, find(finder, runs, at, length - at), finder->width, runs->start + at);
    }
    if (!runs->packed && runs->value == 0) {
        const uint64_t end = zeros->passed + length;
        for (; zeros->n_found < zeros->n && zeros->ranks[zeros->n_found] < end; zeros->n_found++) {
            const uint64_t rank = zeros->ranks[zeros->n_found] - zeros->passed;
            zeros->places[zeros->n_found] = (uint32_t)(runs->start + rank);
        }
        zeros->passed = end;
    }
}

bool parquet_runs_zeros(struct parquet_runs *runs, size_t n_numbers, const uint32_t *ranks,
                        size_t n, uint32_t *ret_places, struct parquet_zeros *ret_zeros)
{
    const struct finder finder = finder_of(runs, 0);
    struct zeros zeros = {.ranks = ranks, .n = n, .places = ret_places};

    while (runs->start + runs->length < n_numbers) {
        if (!next_run(runs)) {
            return false;
        }
        const uint64_t left = n_numbers - runs->start;
        find_zeros(&zeros, &finder, runs, runs->length < left ? runs->length : left);
    }
    *ret_zeros = (struct parquet_zeros){zeros.n_found, (size_t)zeros.passed};
    return true;
}
