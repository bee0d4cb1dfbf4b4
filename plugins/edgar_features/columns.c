/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

/* In the order of their groups. */
static const char *const forms[EDGAR_GROUPS] = {"last_%s", "mean_%s", "ema_%s",
                                                "last_%s_is_missing"};

static const char *const keys[EDGAR_KEYS] = {"cik", "crawled_date_day", "cutoff_ts",
                                             "edgar_filed_date"};
static const char *const flags[EDGAR_FLAGS] = {"edgar_has_filing", "edgar_valid"};

size_t edgar_columns(const struct edgar *edgar)
{
    return EDGAR_KEYS + EDGAR_GROUPS * edgar->n_features + EDGAR_FLAGS;
}

static void append_name(const struct edgar *edgar, size_t column, struct fw_text *name)
{
    size_t n = edgar->n_features;

    if (column < EDGAR_KEYS) {
        fw_text_append(name, keys[column]);
    } else if (column < EDGAR_KEYS + EDGAR_GROUPS * n) {
        /* The forms are constants of this file. */
        const char *form = forms[(column - EDGAR_KEYS) / n];
        size_t head = strcspn(form, "%");
        fw_text_append_len(name, form, head);
        fw_text_append(name, edgar->features[(column - EDGAR_KEYS) % n].name);
        fw_text_append(name, form + head + 2);
    } else {
        fw_text_append(name, flags[column - EDGAR_KEYS - EDGAR_GROUPS * n]);
    }
}

static const char *format_of(const struct edgar *edgar, size_t column)
{
    size_t n = edgar->n_features;

    if (column == 0) {
        return "u";
    }
    if (column == 1 && !edgar->settings.compat) {
        return "tdD";
    }
    if (column < EDGAR_KEYS) {
        return "tsu:";
    }
    return column < EDGAR_KEYS + EDGAR_MISSING * n ? "g" : "b";
}

void edgar_columns_each(const struct edgar *edgar, void (*each)(const char *name, void *arg),
                        void *arg)
{
    struct fw_text name = {0};

    for (size_t i = 0; i < edgar_columns(edgar); i++) {
        fw_text_clear(&name);
        append_name(edgar, i, &name);
        each(fw_text_get(&name), arg);
    }
    fw_text_finish(&name);
}

/* One field of the schema, with its name. */
struct field {
    struct ArrowSchema schema;
    struct fw_text name;
};

static void release_field(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void free_fields(struct field *fields, struct ArrowSchema **pointers, size_t n)
{
    for (size_t i = 0; fields != NULL && i < n; i++) {
        fw_text_finish(&fields[i].name);
    }
    free(fields);
    free(pointers);
}

static void release_schema(struct ArrowSchema *schema)
{
    free_fields(schema->private_data, schema->children, (size_t)schema->n_children);
    schema->release = NULL;
}

int edgar_columns_schema(const struct edgar *edgar, struct ArrowSchema *ret)
{
    size_t n = edgar_columns(edgar);
    struct field *fields = calloc(n, sizeof *fields);
    struct ArrowSchema **pointers = calloc(n, sizeof(struct ArrowSchema *));
    bool good = fields != NULL && pointers != NULL;

    for (size_t i = 0; good && i < n; i++) {
        append_name(edgar, i, &fields[i].name);
        good = !fields[i].name.failed;
        fields[i].schema = (struct ArrowSchema){.format = format_of(edgar, i),
                                                .name = fw_text_get(&fields[i].name),
                                                .flags = ARROW_FLAG_NULLABLE,
                                                .release = release_field};
        pointers[i] = &fields[i].schema;
    }
    if (!good) {
        free_fields(fields, pointers, n);
        return ENOMEM;
    }
    *ret = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)n,
                                .children = pointers,
                                .release = release_schema,
                                .private_data = fields};
    return 0;
}
