/* SPDX-License-Identifier: MIT */
/* Positions in cells of a square grid, about two to a cell; nearest ones are looked for in rings.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "group.h"

enum { PER_CELL = 2, MAX_SIDE = 1 << 14 };

struct fw_neighbours {
    const struct fw_scan *scan;
    double x0, y0, size; /* of a cell */
    uint32_t columns, rows;
    uint32_t *start; /* of each cell in `points`, and one more */
    uint32_t *points;
};

struct box {
    double x0, x1, y0, y1;
};

static bool bound(const struct fw_scan *scan, struct box *box)
{
    *box = (struct box){scan->x[0], scan->x[0], scan->y[0], scan->y[0]};
    for (uint32_t i = 0; i < scan->n; i++) {
        double x = scan->x[i], y = scan->y[i];
        if (!isfinite(x) || !isfinite(y)) {
            return false;
        }
        box->x0 = fmin(box->x0, x);
        box->x1 = fmax(box->x1, x);
        box->y0 = fmin(box->y0, y);
        box->y1 = fmax(box->y1, y);
    }
    return true;
}

static uint32_t cells_along(double length, double size)
{
    double n = floor(length / size) + 1;

    return n < MAX_SIDE ? (uint32_t)n : MAX_SIDE;
}

static uint32_t place(double at, double from, double size, uint32_t n)
{
    double cell = floor((at - from) / size);

    return cell < n ? (uint32_t)cell : n - 1;
}

static uint32_t cell_of(const struct fw_neighbours *grid, uint32_t i)
{
    return place(grid->scan->y[i], grid->y0, grid->size, grid->rows) * grid->columns +
           place(grid->scan->x[i], grid->x0, grid->size, grid->columns);
}

/* By counting: within a cell the lower number first. */
static void fill(struct fw_neighbours *grid)
{
    size_t n_cells = (size_t)grid->columns * grid->rows;

    for (uint32_t i = 0; i < grid->scan->n; i++) {
        grid->start[cell_of(grid, i) + 1]++;
    }
    for (size_t cell = 0; cell < n_cells; cell++) {
        grid->start[cell + 1] += grid->start[cell];
    }
    for (uint32_t i = grid->scan->n; i-- > 0;) {
        uint32_t cell = cell_of(grid, i);
        grid->points[--grid->start[cell + 1]] = i;
    }
    for (size_t cell = 0; cell < n_cells; cell++) { /* each start was moved to its predecessor's */
        grid->start[cell] = grid->start[cell + 1];
    }
    grid->start[n_cells] = grid->scan->n;
}

int fw_neighbours_create(const struct fw_scan *scan, struct fw_neighbours **ret_neighbours)
{
    struct box box;

    if (scan->n == 0 || !bound(scan, &box)) {
        return -EINVAL;
    }
    double width = box.x1 - box.x0, height = box.y1 - box.y0;
    double size = sqrt(width * height * PER_CELL / scan->n);
    double longer = fmax(width, height);
    size = fmax(size, longer / MAX_SIDE); /* on a line, or nearly */
    size = size > 0 ? size : 1;
    struct fw_neighbours *grid = calloc(1, sizeof *grid);
    if (grid == NULL) {
        return -ENOMEM;
    }
    *grid = (struct fw_neighbours){.scan = scan,
                                   .x0 = box.x0,
                                   .y0 = box.y0,
                                   .size = size,
                                   .columns = cells_along(width, size),
                                   .rows = cells_along(height, size)};
    grid->start = calloc((size_t)grid->columns * grid->rows + 1, sizeof *grid->start);
    grid->points = malloc(scan->n * sizeof *grid->points);
    if (grid->start == NULL || grid->points == NULL) {
        fw_neighbours_destroy(grid);
        return -ENOMEM;
    }
    fill(grid);
    *ret_neighbours = grid;
    return 0;
}

void fw_neighbours_destroy(struct fw_neighbours *neighbours)
{
    if (neighbours != NULL) {
        free(neighbours->start);
        free(neighbours->points);
        free(neighbours);
    }
}

/* The nearest so far, in order. */
struct search {
    const struct fw_neighbours *grid;
    uint32_t at, k, n;
    uint32_t *nearest;
    double *distances; /* squared */
};

static void offer(struct search *search, uint32_t i)
{
    const struct fw_scan *scan = search->grid->scan;
    double dx = scan->x[i] - scan->x[search->at], dy = scan->y[i] - scan->y[search->at];
    double distance = dx * dx + dy * dy;
    uint32_t to = search->n;

    while (to > 0 && (distance < search->distances[to - 1] ||
                      (distance == search->distances[to - 1] && i < search->nearest[to - 1]))) {
        to--;
    }
    if (to == search->k) {
        return;
    }
    search->n += search->n < search->k ? 1 : 0;
    for (uint32_t j = search->n - 1; j > to; j--) {
        search->nearest[j] = search->nearest[j - 1];
        search->distances[j] = search->distances[j - 1];
    }
    search->nearest[to] = i;
    search->distances[to] = distance;
}

static void look_into(struct search *search, int64_t row, int64_t column)
{
    const struct fw_neighbours *grid = search->grid;

    if (row < 0 || column < 0 || row >= grid->rows || column >= grid->columns) {
        return;
    }
    size_t cell = (size_t)row * grid->columns + (size_t)column;
    for (uint32_t i = grid->start[cell]; i < grid->start[cell + 1]; i++) {
        if (grid->points[i] != search->at) {
            offer(search, grid->points[i]);
        }
    }
}

/* The cells at Chebyshev distance r. */
static void look_around(struct search *search, int64_t row, int64_t column, int64_t r)
{
    for (int64_t i = -r; i <= r; i++) {
        look_into(search, row - r, column + i);
        if (r > 0) {
            look_into(search, row + r, column + i);
        }
        if (i > -r && i < r) {
            look_into(search, row + i, column - r);
            look_into(search, row + i, column + r);
        }
    }
}

uint32_t fw_neighbours_of(const struct fw_neighbours *neighbours, uint32_t at, uint32_t k,
                          uint32_t *ret_nearest, double *scratch)
{
    const struct fw_neighbours *grid = neighbours;
    struct search search = {
        .grid = grid, .at = at, .k = k, .nearest = ret_nearest, .distances = scratch};
    double x = grid->scan->x[at] - grid->x0, y = grid->scan->y[at] - grid->y0;
    int64_t column = place(x, 0, grid->size, grid->columns);
    int64_t row = place(y, 0, grid->size, grid->rows);
    int64_t longer = grid->rows > grid->columns ? grid->rows : grid->columns;

    for (int64_t r = 0; k > 0 && r < longer; r++) {
        look_around(&search, row, column, r);
        /* Whatever was not looked at lies beyond one of the four sides, by rounding almost. */
        double beyond = fmin(
            fmin(x - (double)(column - r) * grid->size, (double)(column + r + 1) * grid->size - x),
            fmin(y - (double)(row - r) * grid->size, (double)(row + r + 1) * grid->size - y));
        beyond -= 1e-9 * grid->size;
        if (search.n == k && beyond > 0 && search.distances[k - 1] < beyond * beyond) {
            break;
        }
    }
    return search.n;
}
