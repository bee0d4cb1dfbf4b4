/* SPDX-License-Identifier: MIT */
#include "config/parse.h"

#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "config/source.h"

/* Where the nodes of one parse come from. */
struct origin {
    const char *file;         /* the file that was asked for, or the one name of a text */
    const char *folder;       /* of that file; NULL for a text */
    struct fw_strings *files; /* NULL for a text */
    int line;                 /* of a text */
    struct fw_diag *diag;
};

/* The one copy of a file's name that nodes borrow. */
static const char *intern(struct origin *origin, const char *path)
{
    const char *known = path ? fw_strings_find(origin->files, path) : NULL;
    if (known) {
        return known;
    }
    if (!path || fw_strings_add(origin->files, path) < 0) {
        origin->diag->oom = true;
        return "";
    }
    return origin->files->items[origin->files->len - 1];
}

/* libconfig names an included file as the @include did. */
static const char *file_name(struct origin *origin, const char *name)
{
    if (!origin->files || !name || strcmp(name, origin->file) == 0) {
        return origin->file;
    }
    fw_auto(free) char *path = fw_path_join(origin->folder, name);
    return intern(origin, path);
}

static int convert(struct origin *origin, const config_setting_t *setting, struct fw_cfg_node *node,
                   int depth);

static int convert_items(struct origin *origin, const config_setting_t *setting,
                         struct fw_cfg_node *node, int depth)
{
    if (depth == FW_CFG_MAX_DEPTH) {
        fw_diag_at(origin->diag, node->file, node->line, "nested deeper than %d levels", depth);
        return -1;
    }
    size_t len = (size_t)config_setting_length(setting);
    node->items = calloc(len + 1, sizeof *node->items);
    if (!node->items) {
        origin->diag->oom = true;
        return -1;
    }
    for (node->cap = len + 1; node->len < len; node->len++) {
        const config_setting_t *from = config_setting_get_elem(setting, (unsigned)node->len);
        if (convert(origin, from, &node->items[node->len], depth + 1) < 0) {
            fw_cfg_node_finish(&node->items[node->len]);
            return -1;
        }
    }
    return 0;
}

static int convert(struct origin *origin, const config_setting_t *setting, struct fw_cfg_node *node,
                   int depth)
{
    static const enum fw_cfg_kind kinds[] = {
        [CONFIG_TYPE_GROUP] = FW_CFG_GROUP,   [CONFIG_TYPE_INT] = FW_CFG_INT,
        [CONFIG_TYPE_INT64] = FW_CFG_INT,     [CONFIG_TYPE_FLOAT] = FW_CFG_FLOAT,
        [CONFIG_TYPE_STRING] = FW_CFG_STRING, [CONFIG_TYPE_BOOL] = FW_CFG_BOOL,
        [CONFIG_TYPE_ARRAY] = FW_CFG_ARRAY,   [CONFIG_TYPE_LIST] = FW_CFG_LIST,
    };
    const char *text = config_setting_get_string(setting);
    const char *name = config_setting_name(setting);
    node->kind = kinds[config_setting_type(setting)];
    node->file = file_name(origin, config_setting_source_file(setting));
    node->line = origin->files ? (int)config_setting_source_line(setting) : origin->line;
    node->integer = config_setting_get_int64(setting);
    node->real =
        node->kind == FW_CFG_INT ? (double)node->integer : config_setting_get_float(setting);
    node->truth = config_setting_get_bool(setting);
    node->name = name ? strdup(name) : NULL;
    node->text = node->kind == FW_CFG_STRING ? strdup(text ? text : "") : NULL;
    if ((name && !node->name) || (node->kind == FW_CFG_STRING && !node->text)) {
        origin->diag->oom = true;
        return -1;
    }
    if (!isfinite(node->real)) {
        fw_diag_at(origin->diag, node->file, node->line, "%s: the number is out of range",
                   name ? name : "an element");
    }
    return config_setting_is_aggregate(setting) ? convert_items(origin, setting, node, depth) : 0;
}

/* Names a stage of a list by its own setting "name"; "" where it has none. */
static void take_name(struct origin *origin, struct fw_cfg_node *stage)
{
    for (size_t i = 0; i < stage->len && !stage->name; i++) {
        struct fw_cfg_node *item = &stage->items[i];
        if (item->name && strcmp(item->name, "name") == 0 && item->kind == FW_CFG_STRING) {
            stage->name = fw_steal(&item->text);
            fw_cfg_node_finish(item);
            memmove(item, item + 1, (--stage->len - i) * sizeof *item);
        }
    }
    stage->name = stage->name ? stage->name : strdup("");
    origin->diag->oom = origin->diag->oom || !stage->name;
}

/* `stages` may be a list of groups that say their names, and becomes the group that it stands for:
 * libconfig compares each new member of a group with all others, which takes seconds for 10,000. */
static void name_stages(struct origin *origin, struct fw_cfg_node *root)
{
    for (size_t i = 0; i < root->len; i++) {
        struct fw_cfg_node *stages = &root->items[i];
        if (strcmp(stages->name, "stages") == 0 && stages->kind == FW_CFG_LIST) {
            stages->kind = FW_CFG_GROUP;
            for (size_t k = 0; k < stages->len; k++) {
                take_name(origin, &stages->items[k]);
            }
        }
    }
}

/* What libconfig has read, as a tree of our own. */
static int take_tree(struct origin *origin, const config_t *config, struct fw_cfg_node *ret_root)
{
    struct fw_cfg_node root = {0};
    if (convert(origin, config_root_setting(config), &root, 0) < 0) {
        fw_cfg_node_finish(&root);
        return -1;
    }
    name_stages(origin, &root);
    if (origin->diag->oom) {
        fw_cfg_node_finish(&root);
        return -1;
    }
    fw_cfg_node_link(&root);
    *ret_root = root;
    return 0;
}

static void report(struct origin *origin, const config_t *config)
{
    if (config_error_type(config) == CONFIG_ERR_FILE_IO) {
        fw_diag_at(origin->diag, origin->file, 0, "cannot open this file: %s",
                   access(origin->file, R_OK) < 0 ? strerror(errno) : "it cannot be read");
    } else {
        fw_diag_at(origin->diag, file_name(origin, config_error_file(config)),
                   config_error_line(config), "%s", config_error_text(config));
    }
}

int fw_cfg_parse_file(const char *path, struct fw_strings *files, struct fw_cfg_node *ret_root,
                      struct fw_diag *diag)
{
    fw_auto(free) char *folder = fw_path_folder(path);
    size_t first = files->len;
    if (!folder || fw_cfg_source_list(path, folder, files, diag) < 0) {
        diag->oom = diag->oom || !folder;
        return -1;
    }
    struct origin origin = {.folder = folder, .files = files, .diag = diag};
    origin.file = intern(&origin, path);
    config_t config;
    config_init(&config);
    config_set_include_dir(&config, folder);
    int rc = -1;
    if (config_read_file(&config, path)) {
        rc = take_tree(&origin, &config, ret_root);
    } else {
        report(&origin, &config);
    }
    config_destroy(&config);
    for (size_t i = first; i < files->len && rc == 0; i++) {
        fw_auto(free) char *text = NULL;
        struct fw_error err;
        if (fw_fs_read(files->items[i], &text, NULL, &err) < 0) {
            fw_diag_at(diag, files->items[i], 0, "%s", err.text);
        } else {
            fw_cfg_source_check_integers(text, files->items[i], ret_root, diag);
        }
    }
    return rc;
}

int fw_cfg_parse_text(const char *text, const char *file, int line, struct fw_cfg_node *ret_root,
                      struct fw_diag *diag)
{
    struct origin origin = {.file = file, .line = line, .diag = diag};
    config_t config;
    config_init(&config);
    int rc = -1;
    if (config_read_string(&config, text)) {
        rc = take_tree(&origin, &config, ret_root);
    } else {
        fw_diag_at(diag, file, line, "%s", config_error_text(&config));
    }
    config_destroy(&config);
    if (rc == 0) {
        fw_cfg_source_check_integers(text, file, ret_root, diag);
    }
    return rc;
}
