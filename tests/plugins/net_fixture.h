/* SPDX-License-Identifier: MIT */
#ifndef NET_FIXTURE_H
#define NET_FIXTURE_H

#include <stdbool.h>

#include <fw/testkit.h>

#include "analysis/operator.h"
#include "net/net.h"

/* Nets on the kernels for the processor, and what is true of every layer. */

struct net_rig {
    struct fake_kit *kit;
    struct fake_task *task;
    const struct fw_host *host;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
};

/* FWRUN_TEST_KERNELS: a plugin of kernels to take instead of the processor's. */
void net_rig_open(struct net_rig *rig, uint32_t threads);
void net_rig_close(struct net_rig *rig);

/* Adds layers to an empty net, and closes it or not. */
typedef void net_build(struct fw_net *net, const void *arg);

/* A net with weights and a pass. */
struct net_case {
    struct net_rig *rig;
    struct fw_net *net;
    struct fw_net_weights *weights;
    struct fw_net_pass *pass;
};

struct net_setup {
    net_build *build;
    const void *arg;
    uint32_t dtype;
    uint64_t capacity;
    bool with_r;
};

void net_case_open(struct net_case *c, struct net_rig *rig, const struct net_setup *setup);
void net_case_close(struct net_case *c);

/* A status that must be FW_OK; the test fails with the fault otherwise. */
void net_must(const struct net_rig *rig, fw_status status);

/* Arrays of the net's type from and to doubles, n elements. */
void net_put(const struct net_case *c, struct fw_operand to, const double *from, uint64_t n);
void net_get(const struct net_case *c, struct fw_operand from, double *to, uint64_t n);

/* Parameters and kept numbers within `spread` of those that they begin with, from a seed. */
void net_stir(const struct net_case *c, uint64_t seed, double spread);

/* [-1, 1), from a seed. */
void net_noise(uint64_t seed, double *to, uint64_t n);

/* Loads, and runs forward, loss and backward. The mean loss. */
struct net_batch {
    const double *samples;
    const int32_t *labels;
    uint64_t n;
    struct fw_net_mode mode;
    uint32_t loss;
};
double net_learn(const struct net_case *c, const struct net_batch *batch);

/* hv = H v for the batch that was learned. */
void net_product(const struct net_case *c, const double *v, double *hv);

/* v'Hv, by itself. */
double net_bend(const struct net_case *c, const double *v);

/* The same as an operator, for lib/analysis. */
struct fw_operator net_operator(struct net_case *c);

/* A hash of the bits of parameters and kept numbers. */
uint64_t net_fingerprint(const struct net_case *c);

double net_dot(const double *a, const double *b, uint64_t n);

/*
 * What must hold of any net, on a batch of n random samples: the gradient and H v are what
 * differences of the loss and the gradient say, H is symmetric, v'Hv by itself is what H v says, a
 * product repeats to the bit and changes nothing, a pass without R, one with room for more samples
 * and one of two threads give the same bits, and float32 says the same as float64.
 */
struct net_claim {
    net_build *build;
    const void *arg;
    uint64_t n;
    struct fw_net_mode mode;
    uint32_t loss;
    double step;      /* of differences; 0 is taken for 1e-5 */
    double tolerance; /* of products against differences, relative; 0 is taken for 1e-7 */
    double narrow;    /* of float32 against float64; 0 is taken for 2e-4 */
};
void net_check(const struct net_claim *claim);

#endif
