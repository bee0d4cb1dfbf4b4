/* SPDX-License-Identifier: MIT */
#include "mask.h"

#include <errno.h>
#include <stdlib.h>

size_t fw_mask_count(const bool *mask, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        count += mask[i] ? 1 : 0;
    }
    return count;
}

/* `scratch` holds n. */
static void shrink_line(bool *line, size_t n, size_t stride, const size_t margins[2], bool *scratch)
{
    for (size_t i = 0; i < n; i++) {
        scratch[i] = line[i * stride];
    }
    for (size_t i = 0; i < n; i++) {
        const size_t first = i > margins[1] ? i - margins[1] : 0;
        const size_t last = n - 1 - i > margins[0] ? i + margins[0] : n - 1;
        for (size_t k = first; !scratch[i] && k <= last; k++) {
            line[k * stride] = false;
        }
    }
}

int fw_mask_shrink(bool *mask, size_t height, size_t width, const struct fw_image_margins *margins)
{
    const size_t down[] = {margins->top, margins->bottom},
                 right[] = {margins->left, margins->right};
    bool *scratch = malloc(height + width);

    if (scratch == NULL) {
        return -ENOMEM;
    }
    for (size_t row = 0; row < height; row++) {
        shrink_line(mask + row * width, width, 1, right, scratch);
    }
    for (size_t column = 0; column < width; column++) {
        shrink_line(mask + column, height, width, down, scratch);
    }
    free(scratch);
    return 0;
}

static size_t area(const struct fw_box *box)
{
    return (box->bottom - box->top) * (box->right - box->left);
}

/* Columns whose heights ascend, each with how many rows it is covered upwards. */
struct stack {
    size_t *columns;
    size_t n;
};

/* Rectangles that end in this row: each is as high as the lowest column that it spans. */
static void look_at_row(const size_t *heights, size_t width, size_t row, struct stack *stack,
                        struct fw_box *best)
{
    stack->n = 0;
    for (size_t column = 0; column <= width; column++) {
        const size_t height = column < width ? heights[column] : 0;
        while (stack->n > 0 && heights[stack->columns[stack->n - 1]] > height) {
            const size_t lowest = heights[stack->columns[--stack->n]];
            const size_t left = stack->n == 0 ? 0 : stack->columns[stack->n - 1] + 1;
            const struct fw_box box = {row + 1 - lowest, row + 1, left, column};
            *best = area(&box) > area(best) ? box : *best;
        }
        if (column < width) {
            stack->columns[stack->n++] = column;
        }
    }
}

int fw_mask_largest(const bool *mask, size_t height, size_t width, struct fw_box *ret_box)
{
    size_t *heights = calloc(2 * width + 1, sizeof *heights);
    struct stack stack = {.columns = heights + width};
    struct fw_box best = {0};

    if (heights == NULL) {
        return -ENOMEM;
    }
    for (size_t row = 0; row < height; row++) {
        for (size_t column = 0; column < width; column++) {
            heights[column] = mask[row * width + column] ? heights[column] + 1 : 0;
        }
        look_at_row(heights, width, row, &stack, &best);
    }
    free(heights);
    *ret_box = best;
    return 0;
}
