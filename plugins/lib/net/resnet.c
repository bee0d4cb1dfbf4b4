/* SPDX-License-Identifier: MIT */
#include "resnet.h"

#include <math.h>
#include <stdio.h>

#include "image.h"
#include "layers.h"

struct fw_resnet fw_resnet_of(struct fw_net_shape image, uint32_t classes,
                              const struct fw_resnet_width *width, bool has_norm)
{
    struct fw_resnet resnet = {.image = image,
                               .classes = classes,
                               .n_stages = width->stages,
                               .has_norm = has_norm,
                               .has_bias = !has_norm,
                               .epsilon = 1e-5,
                               .momentum = 0.1};
    for (uint32_t i = 0; i < width->stages && i < FW_RESNET_STAGES_MAX; i++) {
        const double channels = round(width->base * width->mult * (double)(1u << i));
        resnet.stages[i] = (struct fw_resnet_stage){
            .channels = (uint32_t)fmin(fmax(channels, width->min_channels), 1 << 20),
            .blocks = width->blocks,
            .stride = i == 0 ? 1 : 2};
    }
    resnet.stem = resnet.stages[0].channels;
    return resnet;
}

/* A block being built; names of its layers begin with `prefix`. */
struct block {
    struct fw_net *net;
    const struct fw_resnet *resnet;
    char prefix[32];
};

/* "1.0.c1"; the stem is a word of its own. */
static const char *name_of(const struct block *block, const char *part, char text[64])
{
    (void)snprintf(text, 64, "%s%s", block->prefix, part);
    return text;
}

static uint32_t add_conv(const struct block *block, const char *part, uint32_t in,
                         struct fw_net_conv conv)
{
    char name[64];
    conv.pad = conv.kernel / 2;
    conv.bias = block->resnet->has_bias;
    return fw_net_add_conv(block->net, name_of(block, part, name), in, &conv);
}

static uint32_t add_norm(const struct block *block, const char *part, uint32_t in)
{
    char name[64];
    const struct fw_resnet *resnet = block->resnet;
    return resnet->has_norm ? fw_net_add_batch_norm(block->net, name_of(block, part, name), in,
                                                    resnet->epsilon, resnet->momentum)
                            : in;
}

static uint32_t add_relu(const struct block *block, const char *part, uint32_t in)
{
    char name[64];
    return fw_net_add_relu(block->net, name_of(block, part, name), in);
}

/* Parameters in the order c1, n1, c2, n2, sc, nsc. */
static uint32_t add_block(const struct block *block, uint32_t in, uint32_t channels,
                          uint32_t stride)
{
    const bool is_plain = stride == 1 && fw_net_shape_of(block->net, in).channels == channels;
    const double last = block->resnet->has_norm ? 1 : 0.5;
    char name[64];
    uint32_t value = add_conv(
        block, "c1", in, (struct fw_net_conv){.channels = channels, .kernel = 3, .stride = stride});
    value = add_relu(block, "r1", add_norm(block, "n1", value));
    value = add_conv(
        block, "c2", value,
        (struct fw_net_conv){.channels = channels, .kernel = 3, .stride = 1, .scale = last});
    value = add_norm(block, "n2", value);
    uint32_t shortcut = in;
    if (!is_plain) {
        shortcut =
            add_conv(block, "sc", in,
                     (struct fw_net_conv){.channels = channels, .kernel = 1, .stride = stride});
        shortcut = add_norm(block, "nsc", shortcut);
    }
    value = fw_net_add_sum(block->net, name_of(block, "sum", name), value, shortcut);
    return add_relu(block, "r2", value);
}

static bool is_sound(struct fw_net *net, const struct fw_resnet *resnet)
{
    bool is_sound = resnet->n_stages >= 1 && resnet->n_stages <= FW_RESNET_STAGES_MAX &&
                    resnet->stem > 0 && resnet->classes >= 2;
    for (uint32_t i = 0; i < resnet->n_stages && is_sound; i++) {
        const struct fw_resnet_stage *stage = &resnet->stages[i];
        is_sound = stage->channels > 0 && stage->blocks > 0 && stage->stride > 0;
    }
    if (!is_sound) {
        fw_net_refuse(net, "resnet", "1 to %d stages, and 1 or more of everything else",
                      FW_RESNET_STAGES_MAX);
    }
    return is_sound;
}

fw_status fw_resnet_build(struct fw_net *net, const struct fw_resnet *resnet)
{
    struct block block = {.net = net, .resnet = resnet};
    if (!is_sound(net, resnet)) {
        return net->status;
    }
    uint32_t value = fw_net_add_input(net, resnet->image);
    value = add_conv(&block, "stem", value,
                     (struct fw_net_conv){.channels = resnet->stem, .kernel = 3, .stride = 1});
    value = add_relu(&block, "stem_relu", add_norm(&block, "stem_norm", value));
    for (uint32_t s = 0; s < resnet->n_stages; s++) {
        const struct fw_resnet_stage *stage = &resnet->stages[s];
        for (uint32_t b = 0; b < stage->blocks; b++) {
            (void)snprintf(block.prefix, sizeof block.prefix, "%u.%u.", s + 1, b);
            value = add_block(&block, value, stage->channels, b == 0 ? stage->stride : 1);
        }
    }
    value = fw_net_add_global_average(net, "pool", value);
    (void)fw_net_add_linear(net, "fc", value, resnet->classes, true);
    return fw_net_close(net);
}
