/* SPDX-License-Identifier: MIT */
#include "philox.h"

/* The published constants: two multipliers, and what is added to the key from round to round. */
static const uint64_t multiplier[2] = {0xD2E7470EE14C6C93u, 0xCA5A826395121157u};
static const uint64_t weyl[2] = {0x9E3779B97F4A7C15u, 0xBB67AE8584CAA73Bu};
enum { ROUNDS = 10 };

void fw_philox(const uint64_t key[2], const uint64_t counter[4], uint64_t ret[4])
{
    uint64_t k0 = key[0], k1 = key[1];
    uint64_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];

    for (int round = 0; round < ROUNDS; round++) {
        fw_wide first = (fw_wide)multiplier[0] * a;
        fw_wide second = (fw_wide)multiplier[1] * c;
        a = (uint64_t)(second >> 64) ^ b ^ k0;
        b = (uint64_t)second;
        c = (uint64_t)(first >> 64) ^ d ^ k1;
        d = (uint64_t)first;
        k0 += weyl[0];
        k1 += weyl[1];
    }
    ret[0] = a;
    ret[1] = b;
    ret[2] = c;
    ret[3] = d;
}

/* FNV-1a; the rounds of the generator do the mixing. */
uint64_t fw_philox_name(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325u;

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    }
    return hash;
}

void fw_draws_init(struct fw_draws *draws, const uint64_t key[2], uint64_t replicate)
{
    draws->key[0] = key[0];
    draws->key[1] = key[1];
    draws->counter = 0;
    draws->replicate = replicate;
    draws->next = FW_DRAWS_BUFFER;
}

void fw_draws_refill(struct fw_draws *draws)
{
    for (unsigned at = 0; at < FW_DRAWS_BUFFER; at += 4) {
        const uint64_t counter[4] = {++draws->counter, draws->replicate, 0, 0};
        fw_philox(draws->key, counter, draws->buffer + at);
    }
    draws->next = 0;
}

struct fw_bound fw_bound_of(uint32_t n)
{
    struct fw_bound bound = {.n = n, .at_once = 1};
    uint64_t product = n;

    while (bound.at_once < FW_DRAWS_AT_ONCE && product * n <= UINT64_C(1) << 60) {
        product *= n;
        bound.at_once++;
    }
    bound.unfair = -product % product;
    return bound;
}
