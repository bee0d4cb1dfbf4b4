/* SPDX-License-Identifier: MIT */
#include "config/load.h"

#include "base/files.h"
#include "base/number.h"
#include "base/path.h"
#include "config/parse.h"
#include "config/vars.h"

/* The files that led to the one being read, innermost first. */
struct chain {
    const struct chain *up;
    struct fw_file id;
    int depth;
};

static int load_file(const char *path, const struct chain *up, struct fw_cfg *cfg,
                     struct fw_cfg_node *ret_root, struct fw_diag *diag);

/* Reads the base that `extends` names and lays `root` on it; `root` becomes the whole. */
static int extend(const struct fw_cfg_node *extends, const struct chain *chain, struct fw_cfg *cfg,
                  struct fw_cfg_node *root, struct fw_diag *diag)
{
    if (extends->kind != FW_CFG_STRING) {
        fw_diag_node(diag, extends, "expected the path of a configuration");
        return -1;
    }
    fw_auto(free) char *folder = fw_path_folder(extends->file);
    fw_auto(free) char *path = folder ? fw_path_join(folder, extends->text) : NULL;
    if (!path) {
        diag->oom = true;
        return -1;
    }
    struct fw_file id;
    struct fw_error err;
    if (fw_file_stat(path, &id, &err) < 0) {
        fw_diag_node(diag, extends, "%s", err.text);
        return -1;
    }
    for (const struct chain *link = chain; link; link = link->up) {
        if (link->id.inode == id.inode && link->id.device == id.device) {
            fw_diag_node(diag, extends, "%s extends itself through this file", path);
            return -1;
        }
    }
    if (chain->depth == FW_CFG_MAX_EXTENDS) {
        fw_diag_node(diag, extends, "a chain of more than %d files", FW_CFG_MAX_EXTENDS);
        return -1;
    }
    struct fw_cfg_node base;
    if (load_file(path, chain, cfg, &base, diag) < 0) {
        return -1;
    }
    int rc = fw_cfg_node_merge(&base, root);
    diag->oom = diag->oom || rc < 0;
    *root = base;
    return rc;
}

static int load_file(const char *path, const struct chain *up, struct fw_cfg *cfg,
                     struct fw_cfg_node *ret_root, struct fw_diag *diag)
{
    struct chain chain = {.up = up, .depth = up ? up->depth + 1 : 0};
    struct fw_cfg_node root;
    fw_file_stat(path, &chain.id, NULL);
    if (fw_cfg_parse_file(path, &cfg->files, &root, diag) < 0) {
        return -1;
    }
    const struct fw_cfg_node *extends = fw_cfg_get(&root, "extends");
    if (extends && extend(extends, &chain, cfg, &root, diag) < 0) {
        fw_cfg_node_finish(&root);
        return -1;
    }
    *ret_root = root;
    return 0;
}

/* "a.b=VALUE" as libconfig text, "a:{b=VALUE;};", or with the value quoted. */
static char *set_text(const char *set, const char *equals, bool quoted)
{
    struct fw_str out = {0};
    for (const char *p = set; p < equals; p++) {
        fw_str_add_bytes(&out, *p == '.' ? ":{" : p, *p == '.' ? 2 : 1);
    }
    fw_str_add(&out, quoted ? "=\"" : "=");
    for (const char *p = equals + 1; *p; p++) {
        fw_str_add(&out, quoted && strchr("\"\\", *p) ? "\\" : "");
        fw_str_add_bytes(&out, p, 1);
    }
    fw_str_add(&out, quoted ? "\";" : "\n;"); /* the value may end in a comment */
    for (const char *p = set; p < equals; p++) {
        fw_str_add(&out, *p == '.' ? "};" : "");
    }
    return fw_str_take(&out);
}

/* Reads one --set into `over`: the value at the end of the only path in it, or NULL when the text
 * is no value and a path of as many names as `set` has. */
static struct fw_cfg_node *parse_set(const char *set, bool quoted, int ordinal,
                                     struct fw_cfg_node *over, struct fw_diag *diag)
{
    const char *equals = strchr(set, '=');
    fw_auto(free) char *text = set_text(set, equals, quoted);
    diag->oom = diag->oom || !text;
    if (!text || fw_cfg_parse_text(text, FW_CFG_CLI, ordinal, over, diag) < 0) {
        return NULL;
    }
    struct fw_cfg_node *node = over->len == 1 ? &over->items[0] : NULL;
    for (const char *p = set; node && p < equals; p++) {
        if (*p == '.') {
            node = node->len == 1 ? &node->items[0] : NULL;
        }
    }
    return node;
}

static void apply_set(const char *set, int ordinal, struct fw_cfg_node *root, struct fw_diag *diag)
{
    const char *equals = strchr(set, '=');
    fw_auto(diag) struct fw_diag trial = {0}, again = {0};
    struct fw_cfg_node over = {0};
    struct fw_cfg_node *value =
        equals && !strchr(set, '\n') ? parse_set(set, false, ordinal, &over, &trial) : NULL;
    if (value && trial.len > 0) {
        fw_diag_node(diag, value, "%s", trial.items[0].text);
    }
    if (!value && equals) {
        fw_cfg_node_finish(&over);
        value = parse_set(set, true, ordinal, &over, &again);
        if (value && equals[1] != '"' && fw_number_parse(value->text, &value->real)) {
            value->kind = FW_CFG_FLOAT; /* libconfig wants a sign in 1e+5 */
        }
    }
    if (!value) {
        fw_diag_at(diag, FW_CFG_CLI, ordinal,
                   "--set %s: expected PATH=VALUE, the path as in stages.daily.params.key", set);
    }
    if (fw_cfg_node_merge(root, &over) < 0 || trial.oom || again.oom) {
        diag->oom = true;
    }
}

int fw_cfg_load(const char *path, const struct fw_strings *sets, struct fw_cfg *ret_cfg,
                struct fw_diag *diag)
{
    struct fw_cfg cfg = {0};
    if (load_file(path, NULL, &cfg, &cfg.root, diag) < 0) {
        fw_strings_finish(&cfg.files);
        return -1;
    }
    for (size_t i = 0; sets && i < sets->len; i++) {
        apply_set(sets->items[i], (int)i + 1, &cfg.root, diag);
    }
    fw_cfg_node_link(&cfg.root);
    fw_cfg_vars_replace(&cfg.root, diag);
    *ret_cfg = cfg;
    return 0;
}
