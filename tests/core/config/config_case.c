/* SPDX-License-Identifier: MIT */
#include "config_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/load.h"
#include "test_files.h"

int config_case_enter(void **state)
{
    struct config_case *c = calloc(1, sizeof *c);
    c->folder = test_folder_create();
    *state = c;
    return 0;
}

int config_case_leave(void **state)
{
    struct config_case *c = *state;
    fw_cfg_finish(&c->cfg);
    fw_pipeline_finish(&c->pipeline);
    fw_diag_finish(&c->diag);
    test_folder_remove(c->folder);
    free(c->said);
    free(c);
    return 0;
}

void config_case_write(struct config_case *c, const char *name, const char *text)
{
    test_file_write(c->folder, name, text);
}

static void hear(struct config_case *c)
{
    struct fw_str out = {0};
    fw_diag_print(&c->diag, &out);
    char *text = fw_str_take(&out), *place;
    size_t len = strlen(c->folder) + 1;
    while ((place = strstr(text, c->folder))) {
        memmove(place, place + len, strlen(place + len) + 1);
    }
    free(c->said);
    c->said = text;
}

static void take_sets(struct fw_strings *sets, va_list args)
{
    for (const char *set; (set = va_arg(args, const char *));) {
        assert_int_equal(fw_strings_add(sets, set), 0);
    }
}

void config_case_load(struct config_case *c, const char *name, ...)
{
    fw_auto(strings) struct fw_strings sets = {0};
    va_list args;
    va_start(args, name);
    take_sets(&sets, args);
    va_end(args);
    char *path = test_path(c->folder, "%s", name);
    c->rc = fw_cfg_load(path, &sets, &c->cfg, &c->diag);
    hear(c);
    free(path);
}

void config_case_pipeline(struct config_case *c, const char *name, ...)
{
    fw_auto(strings) struct fw_strings sets = {0};
    va_list args;
    va_start(args, name);
    take_sets(&sets, args);
    va_end(args);
    char *path = test_path(c->folder, "%s", name);
    c->rc = fw_pipeline_load(path, &sets, &c->pipeline, &c->diag);
    hear(c);
    free(path);
}

void config_case_expect(const struct config_case *c, const char *text)
{
    if (!strstr(c->said, text)) {
        fail_msg("\"%s\" was not said, but:\n%s", text, c->said);
    }
}

const struct fw_cfg_node *config_case_node(const struct fw_cfg *cfg, const char *path)
{
    const struct fw_cfg_node *node = &cfg->root;
    char *copy = strdup(path), *rest = copy;
    for (char *name; node && (name = strsep(&rest, "."));) {
        node = fw_cfg_get(node, name);
    }
    free(copy);
    if (!node) {
        fail_msg("there is no %s", path);
    }
    return node;
}
