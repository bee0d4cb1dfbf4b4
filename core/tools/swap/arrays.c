/* SPDX-License-Identifier: MIT */
#include "arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fw/service/sql.h"
#include "fw/service/table.h"

/* What is alive of one generation. */
struct lives {
    struct fw_module *module;
    atomic_long n;
    bool retired; /* no instance is left */
    struct lives *next;
};

static struct {
    const struct fw_worker *worker;
    const void *(*service)(const struct fw_host *host, const char *id);
    const struct fw_sql *real_sql;
    const struct fw_table *real_table;
    struct fw_sql sql;
    struct fw_table table;
    struct lives *first;
} guard;

static struct lives *lives_of(struct fw_module *module)
{
    struct lives *lives = guard.first;
    while (lives && lives->module != module) {
        lives = lives->next;
    }
    if (!lives && (lives = calloc(1, sizeof *lives))) {
        *lives = (struct lives){.module = module, .next = guard.first};
        guard.first = lives;
    }
    return lives;
}

/* What stood in the place of ours, in a struct that is the producer's. */
struct shim {
    struct lives *lives;
    void (*release)(void);
    void *private_data;
};

static struct shim *make_shim(struct lives *lives, void (*release)(void), void *private_data)
{
    struct shim *shim = malloc(sizeof *shim);
    if (shim) {
        *shim = (struct shim){.lives = lives, .release = release, .private_data = private_data};
        atomic_fetch_add(&lives->n, 1);
    }
    return shim;
}

static void drop_shim(struct shim *shim)
{
    atomic_fetch_sub(&shim->lives->n, 1);
    free(shim);
}

/* Children that were moved out are released by themselves, so each has a shim of its own. */
#define DEFINE_COUNTED(type, name)                                                                 \
    static void release_##name(struct type *it)                                                    \
    {                                                                                              \
        struct shim *shim = it->private_data;                                                      \
        it->release = (void (*)(struct type *))shim->release;                                      \
        it->private_data = shim->private_data;                                                     \
        it->release(it);                                                                           \
        drop_shim(shim);                                                                           \
    }                                                                                              \
    static bool count_##name(struct type *it, struct lives *lives)                                 \
    {                                                                                              \
        if (!it || !it->release) {                                                                 \
            return true;                                                                           \
        }                                                                                          \
        for (int64_t i = 0; i < it->n_children; i++) {                                             \
            if (!count_##name(it->children[i], lives)) {                                           \
                return false;                                                                      \
            }                                                                                      \
        }                                                                                          \
        struct shim *shim = count_##name(it->dictionary, lives)                                    \
                                ? make_shim(lives, (void (*)(void))it->release, it->private_data)  \
                                : NULL;                                                            \
        if (shim) {                                                                                \
            it->release = release_##name;                                                          \
            it->private_data = shim;                                                               \
        }                                                                                          \
        return shim != NULL;                                                                       \
    }
DEFINE_COUNTED(ArrowArray, array)
DEFINE_COUNTED(ArrowSchema, schema)
#undef DEFINE_COUNTED

struct counted_stream {
    struct ArrowArrayStream inner;
    struct lives *lives;
};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct counted_stream *counted = stream->private_data;
    const int rc = counted->inner.get_schema(&counted->inner, out);
    if (rc == 0 && !count_schema(out, counted->lives)) {
        out->release(out);
        return ENOMEM;
    }
    return rc;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct counted_stream *counted = stream->private_data;
    const int rc = counted->inner.get_next(&counted->inner, out);
    if (rc == 0 && !count_array(out, counted->lives)) {
        out->release(out);
        return ENOMEM;
    }
    return rc;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    struct counted_stream *counted = stream->private_data;
    return counted->inner.get_last_error(&counted->inner);
}

static void release_stream(struct ArrowArrayStream *stream)
{
    struct counted_stream *counted = stream->private_data;
    counted->inner.release(&counted->inner);
    atomic_fetch_sub(&counted->lives->n, 1);
    free(counted);
    stream->release = NULL;
}

/* Takes the stream, as those do who get it next. */
static bool count_stream(struct ArrowArrayStream *stream, struct ArrowArrayStream *ret_counted)
{
    struct lives *lives = lives_of(guard.worker->module);
    struct counted_stream *counted = lives ? malloc(sizeof *counted) : NULL;
    if (!counted) {
        stream->release(stream);
        return false;
    }
    *counted = (struct counted_stream){.inner = *stream, .lives = lives};
    stream->release = NULL;
    atomic_fetch_add(&lives->n, 1);
    *ret_counted = (struct ArrowArrayStream){.get_schema = get_schema,
                                             .get_next = get_next,
                                             .get_last_error = get_last_error,
                                             .release = release_stream,
                                             .private_data = counted};
    return true;
}

static fw_status attach(struct fw_sql_session *session, const char *name,
                        struct ArrowArrayStream *stream)
{
    struct ArrowArrayStream counted;
    return count_stream(stream, &counted) ? guard.real_sql->attach(session, name, &counted)
                                          : FW_E_NOMEM;
}

static fw_status write_table(const struct fw_host *host, const struct fw_output *output,
                             uint32_t part, struct ArrowArrayStream *stream, uint64_t *ret_rows)
{
    struct ArrowArrayStream counted;
    return count_stream(stream, &counted)
               ? guard.real_table->write(host, output, part, &counted, ret_rows)
               : FW_E_NOMEM;
}

/* A provider of an older minor has a shorter table. */
static void copy_table(void *to, size_t size, const void *from, uint32_t from_size)
{
    memset(to, 0, size);
    memcpy(to, from, from_size < size ? from_size : size);
}

static const void *service(const struct fw_host *host, const char *id)
{
    const void *table = guard.service(host, id);
    if (table && strcmp(id, FW_SQL_ID) == 0) {
        guard.real_sql = table;
        copy_table(&guard.sql, sizeof guard.sql, table, guard.real_sql->struct_size);
        guard.sql.attach = attach;
        return &guard.sql;
    }
    if (table && strcmp(id, FW_TABLE_ID) == 0) {
        guard.real_table = table;
        copy_table(&guard.table, sizeof guard.table, table, guard.real_table->struct_size);
        guard.table.write = write_table;
        return &guard.table;
    }
    return table;
}

void fw_arrays_guard(struct fw_worker *worker)
{
    guard.worker = worker;
    guard.service = worker->host.service;
    worker->host.service = service;
}

size_t fw_generation_close(struct fw_module *module)
{
    size_t waiting = 0;
    struct lives *own = lives_of(module);
    if (!own) {
        return 1; /* no memory to remember it by: it stays loaded */
    }
    own->retired = true;
    for (struct lives **at = &guard.first; *at;) {
        struct lives *lives = *at;
        if (lives->retired && atomic_load(&lives->n) == 0) {
            fw_module_close(lives->module);
            *at = lives->next;
            free(lives);
        } else {
            waiting += lives->retired;
            at = &lives->next;
        }
    }
    return waiting;
}
