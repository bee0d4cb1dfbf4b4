/* SPDX-License-Identifier: MIT */
#include "config/vars.h"

#include "base/str.h"

/* Of variables in variables, and of those that one string comes to. */
enum { MAX_DEPTH = 16, MAX_NAMES = 1000 };

struct scope {
    const struct fw_cfg_node *vars;
    const struct fw_cfg_node *user; /* the string that is being written */
    int n_names;                    /* replaced in it so far */
    struct fw_diag *diag;
};

static int expand(struct scope *scope, const char *text, int depth, struct fw_str *out);

/* `written` may have variables in it: "epochs_${budget}". */
static int expand_name(struct scope *scope, const char *written, int depth, struct fw_str *out)
{
    fw_auto(str) struct fw_str text = {0};
    if (expand(scope, written, depth + 1, &text) < 0) {
        return -1;
    }
    const char *name = text.text ? text.text : "";
    if (strncmp(name, "env:", 4) == 0) {
        fw_diag_node(scope->diag, scope->user,
                     "the environment is not copied into settings; a secret is referred to as "
                     "\"%s\", anything else is given with --set vars.NAME=VALUE",
                     name);
        return -1;
    }
    if (++scope->n_names > MAX_NAMES) {
        fw_diag_node(scope->diag, scope->user, "comes to more than %d variables", MAX_NAMES);
        return -1;
    }
    const struct fw_cfg_node *var = fw_cfg_get(scope->vars, name);
    if (!var) {
        fw_diag_absent(scope->diag, scope->user, "variable", name, scope->vars);
        return -1;
    }
    if (var->kind == FW_CFG_STRING) {
        return expand(scope, var->text, depth + 1, out);
    }
    fw_auto(free) char *value = fw_cfg_value_text(var);
    if (!value) {
        fw_diag_node(scope->diag, scope->user, "the variable \"%s\" is %s, not a scalar", name,
                     fw_cfg_kind_name(var->kind));
        return -1;
    }
    fw_str_add(out, value);
    return 0;
}

/* The brace that ends what began before `at`. */
static const char *closing(const char *at)
{
    for (int open = 1; *at != '\0'; at++) {
        open += (strncmp(at, "${", 2) == 0) - (*at == '}');
        if (open == 0) {
            return at;
        }
    }
    return NULL;
}

static int expand(struct scope *scope, const char *text, int depth, struct fw_str *out)
{
    if (depth > MAX_DEPTH) {
        fw_diag_node(scope->diag, scope->user, "its variables refer to themselves");
        return -1;
    }
    for (;;) {
        const char *mark = strstr(text, "${");
        if (!mark) {
            fw_str_add(out, text);
            return 0;
        }
        fw_str_add_bytes(out, text, (size_t)(mark - text));
        if (mark > text && mark[-1] == '$') {
            fw_str_add(out, "{");
            text = mark + 2;
            continue;
        }
        const char *end = closing(mark + 2);
        if (!end) {
            fw_diag_node(scope->diag, scope->user, "\"${\" without \"}\"; a plain one is \"$${\"");
            return -1;
        }
        fw_auto(free) char *name = strndup(mark + 2, (size_t)(end - mark - 2));
        if (!name || expand_name(scope, name, depth, out) < 0) {
            scope->diag->oom = scope->diag->oom || !name;
            return -1;
        }
        text = end + 1;
    }
}

static void replace(struct scope *scope, struct fw_cfg_node *node, bool keep)
{
    if (node->kind == FW_CFG_STRING && strstr(node->text, "${")) {
        fw_auto(str) struct fw_str out = {0};
        scope->user = node;
        scope->n_names = 0;
        if (expand(scope, node->text, 0, &out) == 0 && keep) {
            char *text = fw_str_take(&out);
            scope->diag->oom = scope->diag->oom || !text;
            if (text) {
                free(node->text);
                node->text = text;
                node->is_replaced = true;
            }
        }
    }
    for (size_t i = 0; i < node->len; i++) {
        /* Variables are only checked: each use reads them as they were written. */
        replace(scope, &node->items[i], keep && &node->items[i] != scope->vars);
    }
}

void fw_cfg_vars_replace(struct fw_cfg_node *root, struct fw_diag *diag)
{
    struct scope scope = {.vars = fw_cfg_get(root, "vars"), .diag = diag};
    replace(&scope, root, true);
}
