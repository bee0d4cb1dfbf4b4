/* SPDX-License-Identifier: MIT */
#include "layers.h"
#include "sequence.h"

/*
 * Of rows that lie one after the other a patch is one run of memory, and patch p begins `step`
 * elements after the one before it.
 */
struct unfolding {
    uint64_t patches;
    uint64_t length; /* elements of a patch */
    uint64_t step;   /* elements from patch to patch */
    uint64_t source; /* elements of a sample of what is unfolded */
};

static struct unfolding unfolding_of(const struct fw_net_pass *pass,
                                     const struct fw_net_layer *layer)
{
    const struct fw_net_shape from = fw_net_layer_of(pass, layer->in[0])->shape;

    return (struct unfolding){
        .patches = layer->shape.rows,
        .length = layer->shape.cols,
        .step = layer->as.stride * from.cols,
        .source = fw_net_size(from),
    };
}

static struct fw_copy copy_of(const struct fw_net_pass *pass, const struct unfolding *u, uint64_t n)
{
    return (struct fw_copy){
        .struct_size = (uint32_t)sizeof(struct fw_copy),
        .in_type = pass->net->dtype,
        .out_type = pass->net->dtype,
        .shape = {1, pass->n, u->patches, n},
    };
}

static fw_status spread(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                        const struct fw_operand *values)
{
    const struct unfolding u = unfolding_of(pass, layer);
    struct fw_copy copy = copy_of(pass, &u, u.length);

    copy.in_stride[1] = u.source;
    copy.in_stride[2] = u.step;
    copy.in_stride[3] = 1;
    copy.out_stride[1] = u.patches * u.length;
    copy.out_stride[2] = u.length;
    copy.out_stride[3] = 1;
    copy.in = values[layer->in[0]];
    copy.out = values[layer->index];
    return pass->kernels->copy(pass->session, &copy);
}

/* Numbers first ... first + n - 1 of every patch to where they came from, zeros elsewhere. */
static fw_status put_back(const struct fw_net_pass *pass, const struct unfolding *u,
                          struct fw_operand patches, uint64_t first, struct fw_operand to)
{
    const uint64_t left = u->length - first;
    struct fw_copy copy = copy_of(pass, u, left < u->step ? left : u->step);
    struct fw_map zero = fw_net_map(pass, FW_MAP_FILL, pass->n * u->source);
    fw_status status;

    zero.alpha = 0;
    zero.out = to;
    copy.in_stride[1] = u->patches * u->length;
    copy.in_stride[2] = u->length;
    copy.in_stride[3] = 1;
    copy.out_stride[1] = u->source;
    copy.out_stride[2] = u->step;
    copy.out_stride[3] = 1;
    copy.in = fw_net_at(pass, patches, first);
    copy.out = fw_net_at(pass, to, first);
    status = pass->kernels->map(pass->session, &zero);
    return status == FW_OK ? pass->kernels->copy(pass->session, &copy) : status;
}

/* Patches overlap, so that they are put back in steps, of which no two numbers meet. */
static fw_status gather(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                        struct fw_net_field *field)
{
    const struct unfolding u = unfolding_of(pass, layer);
    const struct fw_operand patches = field->at[layer->index];
    const uint32_t in = layer->in[0];
    struct fw_operand gx;
    fw_status status;

    if (!fw_net_is_live(pass, in)) {
        return FW_OK;
    }
    gx = fw_net_gradient_begin(pass, field, in);
    status = put_back(pass, &u, patches, 0, gx);
    for (uint64_t first = u.step; first < u.length && status == FW_OK; first += u.step) {
        status = put_back(pass, &u, patches, first, pass->scratch);
        if (status == FW_OK) {
            status = fw_net_combine(pass, pass->n * u.source, gx, 1, pass->scratch, gx);
        }
    }
    return status == FW_OK ? fw_net_gradient_end(pass, field, in, gx) : status;
}

static fw_status unfold_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return spread(pass, layer, pass->y);
}

static fw_status unfold_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return gather(pass, layer, &pass->gy);
}

static fw_status unfold_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return spread(pass, layer, pass->ry);
}

static fw_status unfold_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return gather(pass, layer, &pass->rgy);
}

static const struct fw_net_op unfold = {
    .name = "unfold",
    .forward = unfold_forward,
    .backward = unfold_backward,
    .r_forward = unfold_r_forward,
    .r_backward = unfold_r_backward,
};

uint32_t fw_net_add_unfold(struct fw_net *net, const char *name, uint32_t in, uint32_t patch,
                           uint32_t stride)
{
    const struct fw_net_shape from = fw_net_shape_of(net, in);
    struct fw_net_layer layer = {
        .op = &unfold,
        .in = {in},
        .n_in = 1,
        .scratch = {.per_sample = fw_net_size(from)},
        .as = {.kernel = patch, .stride = stride},
    };

    if (patch == 0 || stride == 0 || from.channels != 1 || patch > from.rows) {
        return fw_net_refuse(net, name,
                             "patches of %u rows, %u apart, of %llu x %llu rows: at least one row, "
                             "at most all rows of a single sequence are wanted",
                             patch, stride, (unsigned long long)from.channels,
                             (unsigned long long)from.rows);
    }
    if ((from.rows - patch) % stride != 0) {
        return fw_net_refuse(net, name,
                             "patches of %u rows, %u apart, leave the last %llu of %llu rows out: "
                             "choose a stride that divides %llu",
                             patch, stride, (unsigned long long)((from.rows - patch) % stride),
                             (unsigned long long)from.rows,
                             (unsigned long long)(from.rows - patch));
    }
    layer.shape = (struct fw_net_shape){1, (from.rows - patch) / stride + 1, patch * from.cols};
    return fw_net_append(net, name, &layer);
}
