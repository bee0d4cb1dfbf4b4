/* SPDX-License-Identifier: MIT */
#include "kinds.h"

#include <string.h>

#include "plugin/descriptor.h"
#include "plugin/param.h"

enum { KINDS_MOST = 1024, PARAMS_MOST = 1024, NAME_MOST = 32 };

bool fw_kinds_are(const struct fw_service *service)
{
    return strcmp(service->id, FW_CALLBACK_ID) == 0;
}

static int check_line(const struct fw_elf *elf, const char *what, const char *text,
                      struct fw_error *err)
{
    return text != NULL && fw_elf_holds_text(elf, text) && *text != '\0' &&
                   strchr(text, '\n') == NULL
               ? 0
               : fw_error_set(err, FW_EXIT_PLUGIN, "has no %s of one line", what);
}

static int check_name(const struct fw_elf *elf, const char *name, struct fw_error *err)
{
    if (check_line(elf, "name", name, err) < 0) {
        return -1;
    }
    const size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[len] == '\0' && len <= NAME_MOST && name[0] >= 'a'
               ? 0
               : fw_error_set(err, FW_EXIT_PLUGIN,
                              "is called '%.80s', expected at most %d small letters, digits and "
                              "_, a letter first",
                              name, NAME_MOST);
}

static int check_param(const struct fw_elf *elf, const struct fw_param *param, struct fw_error *err)
{
    const char *const texts[] = {param->default_value, param->min, param->max, param->choices,
                                 param->unit};
    for (size_t i = 0; i < FW_COUNT(texts); i++) {
        if (texts[i] != NULL && !fw_elf_holds_text(elf, texts[i])) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "has a text that is outside of the file");
        }
    }
    FW_TRY(check_line(elf, "doc", param->doc, err));
    return fw_param_check(param, err);
}

static int check_params(const struct fw_elf *elf, const struct fw_callback *kind,
                        struct fw_error *err)
{
    const uint64_t size = elf->plugin->param_size;
    const char *first = (const char *)kind->params;
    if (kind->n_params > PARAMS_MOST ||
        (kind->n_params > 0 &&
         !fw_elf_holds(elf, first, kind->n_params * size, _Alignof(struct fw_param)))) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its options are outside of the file");
    }
    for (uint32_t i = 0; i < kind->n_params; i++) {
        const struct fw_param *param = (const struct fw_param *)(const void *)(first + i * size);
        if (param->struct_size != size) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "option %u: its struct_size is %u, not %u", i,
                                param->struct_size, (unsigned)size);
        }
        if (check_name(elf, param->name, err) < 0) {
            return fw_error_prefix(err, "option %u: ", i);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(fw_param_at(kind->params, k)->name, param->name) == 0) {
                return fw_error_set(err, FW_EXIT_PLUGIN, "option '%s' is declared twice",
                                    param->name);
            }
        }
        if (check_param(elf, param, err) < 0) {
            return fw_error_prefix(err, "option '%s': ", param->name);
        }
    }
    return 0;
}

static int check_functions(const struct fw_callback *kind, struct fw_error *err)
{
    const uint64_t known = ((uint64_t)1 << FW_TRAINING_HOOKS) - 1;
    if (kind->create == NULL || kind->setup == NULL || kind->hook == NULL ||
        kind->destroy == NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "lacks create, setup, hook or destroy");
    }
    if ((kind->save == NULL) != (kind->restore == NULL)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has one of save and restore without the other");
    }
    return kind->hooks != 0 && (kind->hooks & ~known) == 0
               ? 0
               : fw_error_set(err, FW_EXIT_PLUGIN,
                              "wants the hooks 0x%llx: expected one or more of 0x%llx",
                              (unsigned long long)kind->hooks, (unsigned long long)known);
}

static int check_kind(const struct fw_elf *elf, const struct fw_callback *kind,
                      struct fw_error *err)
{
    if (!fw_elf_holds(elf, kind, sizeof *kind, _Alignof(struct fw_callback)) ||
        kind->struct_size < sizeof *kind) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "is outside of the file, or its struct_size is "
                            "less than %zu",
                            sizeof *kind);
    }
    FW_TRY(check_name(elf, kind->kind, err));
    if (check_line(elf, "doc", kind->doc, err) < 0 || check_params(elf, kind, err) < 0 ||
        check_functions(kind, err) < 0) {
        return fw_error_prefix(err, "'%s': ", kind->kind);
    }
    return 0;
}

int fw_kinds_check(const struct fw_elf *elf, const struct fw_service *service, struct fw_error *err)
{
    const struct fw_callbacks *table = service->table;
    if (!fw_elf_holds(elf, table, sizeof *table, _Alignof(struct fw_callbacks)) ||
        table->struct_size < sizeof *table || table->n_kinds == 0 || table->n_kinds > KINDS_MOST ||
        !fw_elf_holds(elf, table->kinds, table->n_kinds * sizeof *table->kinds, _Alignof(void *))) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "service %s: its table of kinds is empty, too long or outside of the "
                            "file",
                            service->id);
    }
    for (uint32_t i = 0; i < table->n_kinds; i++) {
        if (check_kind(elf, table->kinds[i], err) < 0) {
            return fw_error_prefix(err, "service %s: callback %u: ", service->id, i);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(table->kinds[k]->kind, table->kinds[i]->kind) == 0) {
                return fw_error_set(err, FW_EXIT_PLUGIN,
                                    "service %s: the callback '%s' is declared twice", service->id,
                                    table->kinds[i]->kind);
            }
        }
    }
    return 0;
}
