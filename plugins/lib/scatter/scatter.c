/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sql/fault.h"

static size_t find_column(const struct ArrowSchema *schema, const char *name)
{
    size_t i = 0;

    while (i < (size_t)schema->n_children &&
           (name == NULL || strcmp(schema->children[i]->name, name) != 0)) {
        i++;
    }
    return i;
}

static fw_status find_keys(struct fw_scatter *scatter)
{
    const struct fw_scatter_plan *plan = &scatter->plan;
    const char *const orders[] = {plan->order, plan->file, plan->row};

    scatter->entity = find_column(&scatter->schema, plan->entity);
    if (scatter->entity == scatter->n_columns ||
        scatter->shapes[scatter->entity].kind != SCATTER_BYTES) {
        return fw_faultf(scatter->host, FW_E_INTERNAL, plan->entity, NULL,
                         "there is no text of that name to sort rows into parts by");
    }
    for (size_t i = 0; i < FW_COUNT(orders); i++) {
        size_t column = find_column(&scatter->schema, orders[i]);
        if (column == scatter->n_columns) {
            continue;
        }
        const struct scatter_shape *shape = &scatter->shapes[column];
        if (shape->kind != SCATTER_FIXED || (shape->width != 4 && shape->width != 8)) {
            return fw_faultf(scatter->host, FW_E_INTERNAL, orders[i], NULL,
                             "rows can be ordered by integers of 4 or 8 bytes, not by this");
        }
        scatter->orders[scatter->n_orders++] = column;
    }
    return FW_OK;
}

static fw_status take_schema(struct fw_scatter *scatter, const struct ArrowSchema *schema)
{
    fw_status status = FW_OK;

    scatter->shapes = calloc((size_t)schema->n_children + 1, sizeof *scatter->shapes);
    if (scatter->shapes == NULL) {
        return fw_fault_nomem(scatter->host);
    }
    for (int64_t i = 0; i < schema->n_children && status == FW_OK; i++) {
        scatter->n_columns++;
        status = scatter_shape_init(&scatter->shapes[i], scatter->host, schema->children[i],
                                    schema->children[i]->name);
    }
    if (status == FW_OK && scatter_schema_copy(schema, true, &scatter->schema) != 0) {
        status = fw_fault_nomem(scatter->host);
    }
    return status == FW_OK ? find_keys(scatter) : status;
}

static bool copy_starts(struct fw_scatter *scatter, const struct fw_scatter_plan *plan)
{
    scatter->starts = calloc(plan->n_parts, sizeof *scatter->starts);
    scatter->start_sizes = calloc(plan->n_parts, sizeof *scatter->start_sizes);
    bool complete = scatter->starts != NULL && scatter->start_sizes != NULL;

    for (size_t i = 0; i < plan->n_parts && complete; i++) {
        scatter->starts[i] = strdup(plan->starts[i]);
        complete = scatter->starts[i] != NULL;
        scatter->start_sizes[i] = complete ? (uint32_t)strlen(scatter->starts[i]) : 0;
    }
    return complete;
}

static bool add_slots(struct fw_scatter *scatter, size_t n)
{
    struct scatter_slot *slots = realloc(scatter->slots, n * sizeof *slots);

    if (slots == NULL) {
        return false;
    }
    scatter->slots = slots;
    while (scatter->n_slots < n) {
        struct fw_text path = {0};
        fw_text_appendf(&path, "%s/scatter-%zu.rows", scatter->plan.folder, scatter->n_slots);
        if (path.failed) {
            fw_text_finish(&path);
            return false;
        }
        slots[scatter->n_slots++] = (struct scatter_slot){.file = {.path = path.data, .fd = -1}};
    }
    return true;
}

static bool copy_names(struct fw_scatter_plan *plan)
{
    const char **names[] = {&plan->folder, &plan->entity, &plan->order, &plan->file, &plan->row};
    bool complete = true;

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        bool is_there = *names[i] != NULL;
        *names[i] = is_there ? strdup(*names[i]) : NULL;
        complete = complete && (!is_there || *names[i] != NULL);
    }
    plan->starts = NULL;
    return complete;
}

fw_status fw_scatter_open(const struct fw_host *host, const struct fw_scatter_plan *plan,
                          const struct ArrowSchema *schema, struct fw_scatter **ret_scatter)
{
    struct fw_scatter *scatter = calloc(1, sizeof *scatter);

    if (scatter == NULL) {
        return fw_fault_nomem(host);
    }
    scatter->host = host;
    scatter->plan = *plan;
    bool complete = copy_names(&scatter->plan);
    fw_status status = complete && copy_starts(scatter, plan) && add_slots(scatter, plan->n_slots)
                           ? take_schema(scatter, schema)
                           : fw_fault_nomem(host);
    if (status != FW_OK) {
        fw_scatter_close(scatter);
        return status;
    }
    *ret_scatter = scatter;
    return FW_OK;
}

static void free_names(const struct fw_scatter_plan *plan)
{
    const char *const names[] = {plan->folder, plan->entity, plan->order, plan->file, plan->row};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        free((char *)(uintptr_t)names[i]);
    }
}

void fw_scatter_close(struct fw_scatter *scatter)
{
    if (scatter == NULL) {
        return;
    }
    for (size_t i = 0; i < scatter->n_slots; i++) {
        scatter_slot_finish(&scatter->slots[i]);
    }
    for (size_t i = 0; i < scatter->n_columns; i++) {
        scatter_shape_finish(&scatter->shapes[i]);
    }
    for (size_t i = 0; scatter->starts != NULL && i < scatter->plan.n_parts; i++) {
        free(scatter->starts[i]);
    }
    if (scatter->schema.release != NULL) {
        scatter->schema.release(&scatter->schema);
    }
    free_names(&scatter->plan);
    free(scatter->starts);
    free(scatter->start_sizes);
    free(scatter->slots);
    free(scatter->shapes);
    free(scatter);
}

uint64_t fw_scatter_bytes(const struct fw_scatter *scatter)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < scatter->n_slots; i++) {
        bytes += scatter->slots[i].file.n_bytes;
    }
    return bytes;
}

int fw_scatter_schema(const struct fw_scatter *scatter, struct ArrowSchema *ret_schema)
{
    return scatter_schema_copy(&scatter->schema, true, ret_schema);
}

void fw_scatter_save(const struct fw_scatter *scatter, struct fw_text *text)
{
    fw_text_appendf(text, "scatter %zu parts %zu columns %zu\n", scatter->n_slots,
                    scatter->plan.n_parts, scatter->n_columns);
    for (size_t i = 0; i < scatter->n_slots; i++) {
        fw_text_appendf(text, "%" PRIu64 " %016" PRIx64 "\n", scatter->slots[i].file.n_bytes,
                        scatter->slots[i].file.sum);
    }
}

static fw_status refuse(const struct fw_scatter *scatter)
{
    return fw_faultf(
        scatter->host, FW_E_STATE, scatter->plan.folder, NULL,
        "the checkpoint is of rows with other columns or parts; starting anew is safe");
}

/* There may have been more slots: their files are read, and not appended to. */
fw_status fw_scatter_restore(struct fw_scatter *scatter, const char *text, size_t *ret_used)
{
    size_t n_slots = 0, n_parts = 0, n_columns = 0;
    int used = 0, n = 0;

    if (sscanf(text, "scatter %zu parts %zu columns %zu\n%n", &n_slots, &n_parts, &n_columns,
               &used) != 3 ||
        n_parts != scatter->plan.n_parts || n_columns != scatter->n_columns || n_slots > 65536) {
        return refuse(scatter);
    }
    fw_status status = n_slots <= scatter->n_slots || add_slots(scatter, n_slots)
                           ? FW_OK
                           : fw_fault_nomem(scatter->host);
    for (size_t i = 0; i < n_slots && status == FW_OK; i++, used += n) {
        struct scatter_file *file = &scatter->slots[i].file;
        if (sscanf(text + used, "%" SCNu64 " %" SCNx64 "\n%n", &file->n_bytes, &file->sum, &n) !=
            2) {
            return refuse(scatter);
        }
        status = file->n_bytes > 0 ? scatter_file_restore(file, scatter->host) : FW_OK;
    }
    scatter->n_bytes = fw_scatter_bytes(scatter);
    *ret_used = (size_t)used;
    return status;
}
