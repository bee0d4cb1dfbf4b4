/* SPDX-License-Identifier: MIT */
#ifndef EXEC_WORDS_H
#define EXEC_WORDS_H

#include <stddef.h>

#include "fw/sdk.h"

/* A parameter that is a list of texts; empty when it is not set. */
const struct fw_value *exec_texts(const struct fw_task *task, const char *name);

/* A list of texts that ends with NULL, as exec wants it. All zero is the empty one. */
struct exec_words {
    char **items;
    size_t len;
};

void exec_words_finish(struct exec_words *words);

/* What `${...}` can stand for. */
struct exec_scope {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_limits *limits;
    const char *tmp;
};

/*
 * Adds `text` with ${in.PORT}, ${out.PORT}, ${threads}, ${memory_bytes},
 * ${partition_factor}, ${seed} and ${tmp} replaced; `$${` is a plain `${`. A text that is nothing
 * but ${in.PORT} gives one word for each path of the port; elsewhere the port must have one path.
 */
fw_status exec_words_add(struct exec_words *words, const struct exec_scope *scope,
                         const char *text);

/* The environment: a small fixed one, what `pass` takes over from this process's, and `env`
 * (NAME=VALUE, values like those of exec_words_add); later ones win. */
fw_status exec_words_environment(struct exec_words *words, const struct exec_scope *scope);

/* The value of NAME in an environment, or NULL. */
const char *exec_words_value(const struct exec_words *environment, const char *name);

/* Where a command writes an output: in a folder of its own, under the final name, because
 * programs look at endings. The caller's to free. */
char *exec_output_path(const struct fw_output *output);

#endif
