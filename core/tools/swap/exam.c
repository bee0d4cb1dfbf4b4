/* SPDX-License-Identifier: MIT */
#include "exam.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arrays.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/vec.h"
#include "holding.h"
#include "run/worker.h"

enum { ASKED = 4 };

static const char variable[] = "FWRUN_SWAP_TEST";

/* Of one worker, which runs one stage. */
static struct {
    cJSON *json;
    struct fw_exam exam;
    struct fw_trace *trace;
    struct fw_module *modules[2]; /* that are open; the worker's own is not ours to close */
    struct fw_module *first;
    bool is_new, keeps_loaded;
    uint64_t swaps, at, state_bytes, closed, waited;
    int64_t sums[FW_SWAP_CALLS];
    struct {
        int64_t *items;
        size_t len, cap;
    } pauses;
    struct fw_holdings holdings;
} exam;

int fw_exam_set(const struct fw_exam *given, struct fw_error *err)
{
    fw_auto(json) cJSON *json = cJSON_CreateObject();
    fw_auto(free) char *text = NULL;
    if (!given) {
        unsetenv(variable);
        return 0;
    }
    if (!cJSON_AddStringToObject(json, "old", given->path[0]) ||
        !cJSON_AddStringToObject(json, "old_digest", given->digest[0]) ||
        !cJSON_AddStringToObject(json, "new", given->path[1]) ||
        !cJSON_AddStringToObject(json, "new_digest", given->digest[1]) ||
        !fw_json_add_u64(json, "at", given->at) ||
        !fw_json_add_u64(json, "repeats", given->repeats) ||
        !cJSON_AddStringToObject(json, "trace", given->trace)) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_json_line(json, &text, err));
    return setenv(variable, text, true) == 0 ? 0 : fw_error_oom(err);
}

static void about(void *arg, enum fw_swap_call call, bool to)
{
    (void)arg;
    exam.trace->call = (int32_t)call;
    exam.trace->of_new = exam.is_new != to;
}

/* A generation of its own for each swap, closed when its instance is gone: what a live swap does.
 */
static int load(struct fw_worker *worker, bool to_new, struct fw_module **ret_module,
                struct fw_error *err)
{
    exam.trace->call = FW_SWAP_LOAD;
    exam.trace->of_new = to_new;
    return fw_loader_open(worker->loader, exam.exam.path[to_new], exam.exam.digest[to_new],
                          ret_module, err);
}

/* Whether code goes with its generation is asked a few times: it takes as long as a swap. */
static void close_module(struct fw_module *module)
{
    const void *inside = module->plugin;
    const uint64_t inode = exam.closed++ < ASKED ? fw_mapped_inode(inside) : 0;
    const size_t waiting = fw_generation_close(module);
    if (waiting > exam.waited) {
        exam.waited = waiting;
    }
    exam.keeps_loaded |= waiting == 0 && inode != 0 && fw_mapped_inode(inside) == inode;
}

static int swap(struct fw_worker *worker, void **self, struct fw_error *err)
{
    const bool to_new = !exam.is_new;
    struct fw_module *from = worker->module, *to;
    struct fw_pause pause = {0};
    const int64_t start = fw_clock_ns();
    FW_TRY(load(worker, to_new, &to, err));
    pause.ns[FW_SWAP_LOAD] = fw_clock_ns() - start;
    const struct fw_handover handover = {
        .worker = worker, .to = to, .pause = &pause, .about = about};
    if (fw_handover(&handover, self, err) < 0) {
        return -1;
    }
    if (from != exam.first) {
        close_module(from);
    }
    pause.ns[FW_SWAP_STEP] = fw_clock_ns() - start;
    exam.is_new = to_new;
    exam.trace->of_new = to_new;
    exam.trace->swaps = ++exam.swaps;
    for (int i = 0; i < FW_SWAP_CALLS; i++) {
        exam.sums[i] += pause.ns[i];
    }
    if (pause.state_bytes > exam.state_bytes) {
        exam.state_bytes = pause.state_bytes;
    }
    int64_t *slot = fw_vec_add(&exam.pauses);
    if (!slot) {
        return fw_error_oom(err);
    }
    *slot = pause.ns[FW_SWAP_STEP];
    fw_holdings_note(&exam.holdings);
    return 0;
}

static cJSON *guard(struct fw_worker *worker)
{
    fw_arrays_guard(worker);
    return NULL;
}

static int boundary(struct fw_worker *worker, void **self, uint64_t steps, struct fw_error *err)
{
    if (!exam.trace) {
        return 0;
    }
    const bool due = exam.exam.at == 0 || exam.exam.at == steps;
    exam.trace->steps = steps;
    if (!exam.first) {
        exam.first = worker->module;
    }
    for (uint64_t i = 0; due && i <= exam.exam.repeats; i++) {
        exam.at = steps;
        if (swap(worker, self, err) < 0) {
            return -1;
        }
    }
    exam.trace->call = FW_SWAP_STEP;
    return 0;
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_pauses(cJSON *swap)
{
    cJSON *pause = cJSON_AddObjectToObject(swap, "pause_us");
    const size_t n = exam.pauses.len;
    if (n == 0) {
        return;
    }
    qsort(exam.pauses.items, n, sizeof *exam.pauses.items, compare_ns);
    cJSON_AddNumberToObject(pause, "median", (double)exam.pauses.items[n / 2] / 1e3);
    cJSON_AddNumberToObject(pause, "longest", (double)exam.pauses.items[n - 1] / 1e3);
    for (int i = FW_SWAP_LOAD; i < FW_SWAP_CALLS; i++) {
        cJSON_AddNumberToObject(pause, fw_swap_call_name((enum fw_swap_call)i),
                                (double)exam.sums[i] / 1e3 / (double)n);
    }
}

static void add_holdings(cJSON *swap)
{
    const struct fw_holdings *holdings = &exam.holdings;
    cJSON *growth = cJSON_AddObjectToObject(swap, "growth");
    cJSON *list = cJSON_AddArrayToObject(swap, "holdings");
    for (uint32_t i = 0; i < holdings->n; i++) {
        cJSON *item = fw_json_append(list);
        for (int k = 0; k < FW_HELD_KINDS; k++) {
            fw_json_add_i64(item, fw_held_name((enum fw_held)k), holdings->items[i].held[k]);
        }
    }
    for (int k = 0; k < FW_HELD_KINDS; k++) {
        cJSON_AddNumberToObject(growth, fw_held_name((enum fw_held)k),
                                fw_holdings_growth(holdings, (enum fw_held)k));
    }
}

static void end(struct fw_worker *worker)
{
    if (!exam.trace) {
        return;
    }
    exam.trace->call = FW_SWAP_DESTROY;
    if (exam.first && worker->module != exam.first) {
        close_module(worker->module);
        worker->module = exam.first;
    }
    cJSON *swap = cJSON_AddObjectToObject(worker->fields, "swap");
    fw_json_add_u64(swap, "swaps", exam.swaps);
    fw_json_add_u64(swap, "at", exam.at);
    fw_json_add_u64(swap, "state_bytes", exam.state_bytes);
    fw_json_add_u64(swap, "waited", exam.waited);
    cJSON_AddBoolToObject(swap, "unloads", !exam.keeps_loaded);
    add_pauses(swap);
    add_holdings(swap);
    free(exam.pauses.items);
}

static int read_exam(const char *text, struct fw_error *err)
{
    struct fw_exam *given = &exam.exam;
    FW_TRY(fw_json_parse(text, strlen(text), variable, &exam.json, err));
    FW_TRY(fw_json_get_string(exam.json, "old", &given->path[0], err));
    FW_TRY(fw_json_get_string(exam.json, "old_digest", &given->digest[0], err));
    FW_TRY(fw_json_get_string(exam.json, "new", &given->path[1], err));
    FW_TRY(fw_json_get_string(exam.json, "new_digest", &given->digest[1], err));
    FW_TRY(fw_json_get_u64(exam.json, "at", &given->at, err));
    FW_TRY(fw_json_get_u64(exam.json, "repeats", &given->repeats, err));
    return fw_json_get_string(exam.json, "trace", &given->trace, err);
}

void fw_exam_begin(void)
{
    const char *text = getenv(variable);
    if (!text || read_exam(text, NULL) < 0) {
        return;
    }
    unsetenv(variable);
    fw_auto(close) int fd = open(exam.exam.trace, O_RDWR | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED
                       : mmap(NULL, sizeof *exam.trace, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    exam.trace = map == MAP_FAILED ? NULL : map;
    fw_run_hooks = (struct fw_run_hooks){.task = guard, .boundary = boundary, .end = end};
}
