/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_NET_H
#define FW_LIB_NET_NET_H

#include <stdbool.h>

#include <fw/service/kernels.h>

/*
 * Layers of networks with forward, backward and, for exact Hessian-vector products, the R-pair of
 * both (Pearlmutter 1994), behind one table of operations on fw.kernels/1.
 *
 * A net is a list of layers in topological order: layer i makes value i out of values before it,
 * layer 0 is the input. Values are [sample][channel][row][column] without gaps; a sequence is
 * 1 x tokens x features, a vector 1 x 1 x features. The last value is what a loss is taken of.
 *
 * All parameters lie in one flat array in the order of the layers, weight before bias; gradient,
 * direction and product are flat arrays of the same order.
 *
 * The description (struct fw_net) is constant once closed and may be shared; weights and passes
 * belong to one kernels session and one thread at a time. Every function that can fail records the
 * fault with the net's host.
 */

struct fw_net;
struct fw_net_layer;
struct fw_net_pass;
struct fw_net_weights;

struct fw_net_shape {
    uint64_t channels, rows, cols;
};

static inline uint64_t fw_net_size(struct fw_net_shape shape)
{
    return shape.channels * shape.rows * shape.cols;
}

/* --- what a net consists of --- */

enum {
    FW_NET_CONSTANT = 0, /**< every element is `spread` */
    FW_NET_NORMAL = 1,   /**< mean 0, standard deviation `spread` */
    FW_NET_UNIFORM = 2   /**< [-spread, spread) */
};

/** One array of parameters, or of what is kept beside them (running mean and variance). */
struct fw_net_tensor {
    const char *name; /**< "stem.weight"; belongs to the net */
    uint64_t offset;  /**< elements into the flat array */
    uint64_t count;
    uint64_t shape[4];
    uint32_t rank;
    uint32_t init;
    double spread;
};

/** Elements that a layer needs: `fixed` once, `per_sample` for each sample of the capacity. */
struct fw_net_room {
    uint64_t fixed, per_sample;
};

/** Settings of layers; what an operation does not know is 0. */
struct fw_net_settings {
    uint32_t kernel, stride, pad;
    uint32_t kind;  /**< FW_POOL_ */
    uint32_t heads; /**< attention */
    bool bias;
    double p; /**< dropout */
    double epsilon, momentum;
};

struct fw_net_layer {
    const struct fw_net_op *op;
    const char *name; /**< belongs to the net */
    uint32_t index;   /**< its number and that of its value */
    uint32_t in[2], n_in;
    struct fw_net_shape shape; /**< of a sample of its value */
    uint32_t first_tensor, n_tensors;
    uint32_t first_kept, n_kept;
    struct fw_net_room saved;   /**< from forward to the last use of the batch */
    struct fw_net_room saved_r; /**< from r_forward to r_backward; only where R is open */
    struct fw_net_room scratch; /**< within one call; shared by all layers */
    uint64_t host;              /**< doubles of the host's memory, within one call of the R-pair */
    uint64_t macs;              /**< multiply-adds of forward, per sample */
    bool live; /**< parameters in it or before it: gradients go there and R is not 0 */
    struct fw_net_settings as;
};

/* What an operation does to its values; pass.c decides by it which share their memory. */
enum {
    FW_NET_IN_PLACE = 1u << 0, /**< forward and r_forward may write over value in[0] */
    FW_NET_VIEW = 1u << 1,     /**< its value is value in[0] in another shape; nothing to compute */
    FW_NET_READS_Y = 1u << 2,  /**< backward or the R-pair read its own value or R of it */
    FW_NET_PASSES = 1u << 3,   /**< the gradient of each input is that of its value, as it is */
    FW_NET_GRADIENT_IN_PLACE = 1u << 4, /**< the gradient of in[0] may be written over its own */
    FW_NET_R_READS_GRADIENT = 1u << 5,  /**< r_backward reads the gradient of its own value */
    FW_NET_AFFINE = 1u << 6 /**< a norm: its parameters scale and shift; only the census asks */
};

/**
 * An operation. `forward` writes value y; `backward` reads gy, writes its parameters' part of the
 * gradient and gives gradients to its inputs; the R-pair does the same with directional
 * derivatives along v. Without an R-pair (both NULL) a net has no products. `bend`, after
 * r_forward, gives gY times the second derivative of y along v, as if RX were one with it; NULL
 * where y is linear in parameters and input together.
 */
struct fw_net_op {
    const char *name;
    uint32_t flags;
    fw_status (*forward)(struct fw_net_pass *pass, const struct fw_net_layer *layer);
    fw_status (*backward)(struct fw_net_pass *pass, const struct fw_net_layer *layer);
    fw_status (*r_forward)(struct fw_net_pass *pass, const struct fw_net_layer *layer);
    fw_status (*r_backward)(struct fw_net_pass *pass, const struct fw_net_layer *layer);
    fw_status (*bend)(struct fw_net_pass *pass, const struct fw_net_layer *layer, double *ret_bend);
};

/** Read it, change it through functions only. */
struct fw_net {
    const struct fw_host *host;
    uint32_t dtype;   /**< FW_F32, FW_F64 */
    uint32_t element; /**< bytes of one */
    fw_status status; /**< the first thing that went wrong while building */
    bool is_closed;
    struct fw_net_layer *layers;
    uint32_t n_layers;
    struct fw_net_tensor *tensors; /**< parameters */
    uint32_t n_tensors;
    struct fw_net_tensor *kept;
    uint32_t n_kept;
    uint64_t n_parameters, n_kept_elements; /**< of the flat arrays */
};

/* --- building: mistakes are kept in `status`, and fw_net_close tells --- */

/** `host` must outlive the net. */
fw_status fw_net_create(const struct fw_host *host, uint32_t dtype, struct fw_net **ret_net);

/** Accepts NULL. After the weights and passes of it. */
void fw_net_destroy(struct fw_net *net);

/** Each of these gives the number of the new value; `name` is copied. The input comes first. */
uint32_t fw_net_add_input(struct fw_net *net, struct fw_net_shape shape);
uint32_t fw_net_add_relu(struct fw_net *net, const char *name, uint32_t in);
uint32_t fw_net_add_sum(struct fw_net *net, const char *name, uint32_t a, uint32_t b);

/** The same elements as a vector, without a copy. */
uint32_t fw_net_add_flatten(struct fw_net *net, const char *name, uint32_t in);

/**
 * weight [width][columns of `in`] and, where wanted, a bias, applied to each row of `in`: a vector,
 * or every token of a sequence. Both begin within 1 / sqrt(columns) of 0.
 */
uint32_t fw_net_add_linear(struct fw_net *net, const char *name, uint32_t in, uint64_t width,
                           bool bias);

/** Ends building, or returns the first mistake: now the net is constant. */
fw_status fw_net_close(struct fw_net *net);

/** Whether every layer has its R-pair. */
bool fw_net_has_products(const struct fw_net *net);

/* --- weights --- */

struct fw_net_weights {
    const struct fw_net *net;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_kernels_buffer *parameters; /**< n_parameters elements */
    struct fw_kernels_buffer *kept;       /**< n_kept_elements; NULL where a net keeps none */
};

/** Zeros. `net` is closed; it and the session must outlive the weights. */
fw_status fw_net_weights_create(const struct fw_net *net, const struct fw_kernels *kernels,
                                struct fw_kernels_session *session,
                                struct fw_net_weights **ret_weights);

/** Accepts NULL. */
void fw_net_weights_destroy(struct fw_net_weights *weights);

/** Every tensor as it says of itself, from a stream of its own; the same numbers everywhere. */
fw_status fw_net_weights_init(struct fw_net_weights *weights, uint64_t seed);

/* --- a batch --- */

struct fw_net_mode {
    bool batch_statistics; /**< norms use the batch's, else the running ones, as constants */
    bool track;            /**< and forward updates the running ones */
    uint64_t dropout_seed; /**< of this batch; 0: nothing is dropped */
    uint64_t first_sample; /**< the pass's first one in the batch, which may be cut for passes */
};

/** Gradients of all values, or R of them. */
struct fw_net_field {
    struct fw_operand *at; /**< per value; absent where nothing is live */
    bool *given;           /**< per value: a consumer has written to it */
};

/** What a loss keeps of a batch; rows are samples, columns the elements of the last value. */
struct fw_net_answer {
    uint32_t kind;
    struct fw_operand label;       /**< FW_I32 [capacity] */
    struct fw_operand probability; /**< [capacity][cols] */
    struct fw_operand loss;        /**< [capacity] */
    struct fw_operand choice;      /**< FW_I32 [capacity] */
    struct fw_operand total;       /**< FW_F64 */
    int32_t *labels, *choices;     /**< the host's copies */
};

enum fw_net_stage { FW_NET_EMPTY, FW_NET_LOADED, FW_NET_FORWARD, FW_NET_LOSS, FW_NET_BACKWARD };

/**
 * All that a batch needs, for up to `capacity` samples. Arrays of `n` samples lie at the front of
 * those for `capacity`. Read it, change it through functions only; operations of layers.h apart.
 */
struct fw_net_pass {
    const struct fw_net *net;
    struct fw_net_weights *weights;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    uint64_t capacity, n;
    struct fw_net_mode mode;
    enum fw_net_stage stage;
    bool has_r;
    struct fw_operand *y, *ry; /**< per value */
    struct fw_net_field gy, rgy;
    struct fw_operand parameters, gradient; /**< flat */
    struct fw_operand v, hv;                /**< flat; absent where R is not open */
    struct fw_operand *saved, *saved_r;     /**< per layer */
    struct fw_operand scratch, spill;
    double *host; /**< as much as the layer with the largest `host` asked for */
    struct fw_net_answer answer;
    struct fw_kernels_buffer **buffers; /**< that the operands lie in */
    uint32_t n_buffers;
};

/**
 * Room for batches of up to `capacity` samples; with R for products, too, which takes about twice
 * as much. Nothing else is allocated later. FW_E_NOMEM leaves nothing behind.
 */
fw_status fw_net_pass_create(struct fw_net_weights *weights, uint64_t capacity, bool with_r,
                             struct fw_net_pass **ret_pass);

/** Accepts NULL. */
void fw_net_pass_destroy(struct fw_net_pass *pass);

/** Puts n samples, elements of the net's dtype, into the input; they may be reused afterwards. */
fw_status fw_net_load(struct fw_net_pass *pass, const void *samples, uint64_t n);

/** All values of the batch that was loaded. */
fw_status fw_net_forward(struct fw_net_pass *pass, struct fw_net_mode mode);

enum {
    FW_NET_CROSS_ENTROPY = 0, /**< of softmax: the last value has a number per class */
    FW_NET_BINARY_ENTROPY = 1 /**< of a logit: the last value has one number, labels are 0 or 1 */
};

/**
 * The mean loss of a batch in nats and how many samples are right, and the gradient of the last
 * value. After forward. A label that is no class is FW_E_DATA.
 */
fw_status fw_net_loss(struct fw_net_pass *pass, uint32_t kind, const int32_t *labels,
                      double *ret_loss, uint64_t *ret_n_correct);

/** The gradient of the mean loss by all parameters, into `gradient`. After fw_net_loss. */
fw_status fw_net_backward(struct fw_net_pass *pass);

/**
 * `hv` = Hessian of the mean loss times `v`. As often as wanted after backward: the same v gives
 * the same bits, and nothing but `hv` and scratch is written. `gradient` is to be as backward left
 * it, and so are the weights.
 */
fw_status fw_net_r_product(struct fw_net_pass *pass);

/** v'Hv at half of a product's cost; what holds of fw_net_r_product holds of it. `hv` is scratch.
 */
fw_status fw_net_r_bend(struct fw_net_pass *pass, double *ret_bend);

#endif
