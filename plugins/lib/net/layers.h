/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_LAYERS_H
#define FW_LIB_NET_LAYERS_H

#include "net.h"

/* For the operations themselves: adding a layer to a net, and reaching its arrays in a pass. */

/* --- building --- */

/**
 * Appends a layer to `net`. op, in, n_in, shape, saved, saved_r, scratch, macs and `as` are the
 * caller's; the tensors are those that were added since the last layer. `name` is copied.
 */
uint32_t fw_net_append(struct fw_net *net, const char *name, const struct fw_net_layer *layer);

/** A parameter, or something that is kept, of the next layer: `name` becomes "<layer>.<part>". */
void fw_net_add_parameter(struct fw_net *net, const char *layer, const char *part,
                          const struct fw_net_tensor *tensor);
void fw_net_add_kept(struct fw_net *net, const char *layer, const char *part,
                     const struct fw_net_tensor *tensor);

/** The shape of a value; what is not there yet is refused, and gives zeros. */
struct fw_net_shape fw_net_shape_of(struct fw_net *net, uint32_t value);

/** Keeps the first mistake: what is wrong with the layer of that name. Returns 0. */
__attribute__((format(printf, 3, 4))) uint32_t fw_net_refuse(struct fw_net *net, const char *layer,
                                                             const char *format, ...);

/* --- arrays --- */

/** `operand`, `n` elements of the net's dtype further. */
static inline struct fw_operand fw_net_at(const struct fw_net_pass *pass, struct fw_operand operand,
                                          uint64_t n)
{
    operand.offset += n * pass->net->element;
    return operand;
}

/** Parameter i of the layer inside a flat array: parameters, gradient, v or hv. */
static inline struct fw_operand fw_net_part(const struct fw_net_pass *pass,
                                            const struct fw_net_layer *layer,
                                            struct fw_operand flat, uint32_t i)
{
    return fw_net_at(pass, flat, pass->net->tensors[layer->first_tensor + i].offset);
}

/** What the layer keeps beside its parameters, number i. */
static inline struct fw_operand fw_net_kept(const struct fw_net_pass *pass,
                                            const struct fw_net_layer *layer, uint32_t i)
{
    const struct fw_operand flat = {.buffer = pass->weights->kept};
    return fw_net_at(pass, flat, pass->net->kept[layer->first_kept + i].offset);
}

/** Elements of an operation's own arrays: `fixed` of them, then `per_sample` times capacity. */
static inline struct fw_operand fw_net_room_at(const struct fw_net_pass *pass,
                                               struct fw_operand room, uint64_t fixed,
                                               uint64_t per_sample)
{
    return fw_net_at(pass, room, fixed + per_sample * pass->capacity);
}

static inline const struct fw_net_layer *fw_net_layer_of(const struct fw_net_pass *pass,
                                                         uint32_t value)
{
    return &pass->net->layers[value];
}

/** Elements of value number i of the batch. */
static inline uint64_t fw_net_batch_size(const struct fw_net_pass *pass, uint32_t value)
{
    return pass->n * fw_net_size(pass->net->layers[value].shape);
}

/** Whether the layer has to give a gradient to value `in`, and R of it is something. */
static inline bool fw_net_is_live(const struct fw_net_pass *pass, uint32_t value)
{
    return pass->net->layers[value].live;
}

/* --- gradients; `field` is &pass->gy, or &pass->rgy in r_backward --- */

/**
 * For operations that can add to what they write: where the gradient of a live value goes, and the
 * factor of what is there already, 0 for the first consumer that comes by and 1 afterwards.
 */
struct fw_operand fw_net_gradient_of(struct fw_net_pass *pass, struct fw_net_field *field,
                                     uint32_t value, double *ret_beta);

/**
 * For those that cannot: where to write the gradient of a live value, and afterwards the end of
 * it, which adds it to what was there. Nothing else may be given a gradient in between.
 */
struct fw_operand fw_net_gradient_begin(struct fw_net_pass *pass, struct fw_net_field *field,
                                        uint32_t value);
fw_status fw_net_gradient_end(struct fw_net_pass *pass, struct fw_net_field *field, uint32_t value,
                              struct fw_operand written);

/** For those whose gradient is that of their own value as it is: copies or adds where they must. */
fw_status fw_net_gradient_pass_on(struct fw_net_pass *pass, struct fw_net_field *field,
                                  const struct fw_net_layer *layer, uint32_t value);

/** Fields of a map that everyone writes: `n` elements of the net's dtype. */
static inline struct fw_map fw_net_map(const struct fw_net_pass *pass, uint32_t kind, uint64_t n)
{
    return (struct fw_map){
        .struct_size = (uint32_t)sizeof(struct fw_map),
        .dtype = pass->net->dtype,
        .kind = kind,
        .n = n,
        .alpha = 1,
    };
}

/** out = a + beta * b, n elements; b may be absent, `out` either of them. */
fw_status fw_net_combine(const struct fw_net_pass *pass, uint64_t n, struct fw_operand a,
                         double beta, struct fw_operand b, struct fw_operand out);

/** The sum of a * b, n elements; waits for it. */
fw_status fw_net_dot(const struct fw_net_pass *pass, uint64_t n, struct fw_operand a,
                     struct fw_operand b, double *ret_sum);

/* --- second derivatives --- */

/** FW_OK where a product may be asked for: after backward, of a pass with R. */
fw_status fw_net_r_check(const struct fw_net_pass *pass);

/** Gives the input a gradient, out of one of the value and the parameters of a flat array. */
typedef fw_status fw_net_give(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              struct fw_net_field *field, struct fw_operand gradient,
                              struct fw_operand flat);

/** RgX of an operation that is bilinear in input and parameters: RgY with these, gY with v. */
fw_status fw_net_r_give(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                        fw_net_give *give);

/** `bend` of such a one, once f(RX, v) is where RgY has its place: 2 gY . f(RX, v). */
fw_status fw_net_bend_bilinear(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                               double *ret_bend);

/** `bend` of an operation of one input, by its r_backward. */
fw_status fw_net_bend_by_pair(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              double *ret_bend);

#endif
