/* SPDX-License-Identifier: MIT */
#ifndef FW_TASK_H
#define FW_TASK_H

#include "fw/param.h"
#include "fw/port.h"

FW_BEGIN_DECLS

/**
 * A parameter's checked value; which member holds it is said at the type (fw/param.h). Each
 * declared parameter has one, of the type FW_PARAM_UNSET when the pipeline gives none and there is
 * no default. Texts and lists belong to the task.
 */
struct fw_value {
    uint32_t struct_size;
    fw_param_type type;
    const char *name;
    int64_t integer;
    double real;
    const char *text;
    const char *const *texts;
    const double *reals;
    uint64_t n; /**< elements of texts or reals */
};
FW_ASSERT_NO_TAIL(struct fw_value, n);

/** What is plugged into one input port: one or more absolute paths, in the pipeline's order. */
struct fw_input {
    uint32_t struct_size;
    fw_kind kind;
    const char *port;
    const char *const *paths;
    uint64_t n_paths;
    const char *digest; /**< hex SHA-256 over the content; never depends on the paths */
};
FW_ASSERT_NO_TAIL(struct fw_input, digest);

/**
 * Where one output is written: an absolute path that does not exist yet, in a folder that
 * does. The stage makes the file or folder there; the host renames it to its final place
 * when the stage is done. `name` is the final base name, whose form says the layout (fw/port.h).
 * After a restore the path is the same one, with what earlier steps wrote still in it.
 */
struct fw_output {
    uint32_t struct_size;
    fw_kind kind;
    const char *port;
    const char *path;
    const char *name;
};
FW_ASSERT_NO_TAIL(struct fw_output, name);

/** Everything a stage is asked to do. Owned by the host, constant until `destroy` returns. */
struct fw_task {
    uint32_t struct_size;
    uint32_t n_inputs;
    uint32_t n_outputs;
    uint32_t n_values;
    const char *stage; /**< the stage's name in the pipeline */
    const char *use;   /**< the stage type */
    const struct fw_input *inputs;
    const struct fw_output *outputs;
    const struct fw_value *values;
    uint64_t seed; /**< the pipeline's; numbers are drawn through fw/service/rng.h */
};
FW_ASSERT_NO_TAIL(struct fw_task, seed);

/** Whether two names are equal; the headers stand alone, without <string.h>. */
static inline int fw_name_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/*
 * Lookups by name, NULL when absent, and by number, which must be below the count. Absent are
 * only optional ports that the pipeline leaves out: required ports and declared parameters need no
 * check. Elements are stepped over by the size that the host declared, since a newer host's structs
 * are longer than the ones compiled here; never index the arrays themselves.
 */
#define FW_DEFINE_LOOKUP(function, type, array, count, member)                                     \
    static inline const struct type *function(const struct fw_task *task, const char *name)        \
    {                                                                                              \
        const char *at = (const char *)task->array;                                                \
        for (uint32_t i = 0; i < task->count; i++) {                                               \
            const struct type *item = (const struct type *)(const void *)at;                       \
            if (fw_name_equal(item->member, name)) {                                               \
                return item;                                                                       \
            }                                                                                      \
            at += item->struct_size;                                                               \
        }                                                                                          \
        return NULL;                                                                               \
    }                                                                                              \
    static inline const struct type *function##_at(const struct fw_task *task, uint32_t i)         \
    {                                                                                              \
        const char *first = (const char *)task->array;                                             \
        return (const struct type *)(const void *)(first + (size_t)i * task->array->struct_size);  \
    }
FW_DEFINE_LOOKUP(fw_task_input, fw_input, inputs, n_inputs, port)
FW_DEFINE_LOOKUP(fw_task_output, fw_output, outputs, n_outputs, port)
FW_DEFINE_LOOKUP(fw_task_value, fw_value, values, n_values, name)
#undef FW_DEFINE_LOOKUP

/*
 * The value of a parameter that the stage declares, of the type that it declares; fw/param.h says
 * which types are a text, an integer or a real number. Unset: NULL or 0. Lists are read from
 * fw_task_value.
 */
static inline const char *fw_task_text(const struct fw_task *task, const char *name)
{
    return fw_task_value(task, name)->text;
}

static inline int64_t fw_task_integer(const struct fw_task *task, const char *name)
{
    return fw_task_value(task, name)->integer;
}

static inline double fw_task_real(const struct fw_task *task, const char *name)
{
    return fw_task_value(task, name)->real;
}

FW_END_DECLS

#endif
