/* SPDX-License-Identifier: MIT */
#include "plugin/descriptor.h"

#include <string.h>

#include "base/str.h"
#include "plugin/param.h"

/* A plugin with more of anything than this is damaged. */
enum { MAX_ENTRIES = 1024 };

struct field {
    const char *name;
    uint32_t plugin, note, ours;
};

/* The facts about the binary contract, as both say them and as this program has them. */
enum { N_FIELDS = 9, FIELD_MINOR = 2 };

static void collect(const struct fw_elf *elf, struct field ret[N_FIELDS])
{
    const struct fw_plugin *p = elf->plugin;
    const struct fw_note *n = elf->note;
    const struct field fields[N_FIELDS] = {
        {"magic", p->magic, n->magic, FW_MAGIC},
        {"abi_major", p->abi_major, n->abi_major, FW_ABI_MAJOR},
        {"abi_minor", p->abi_minor, n->abi_minor, FW_ABI_MINOR},
        {"abi_draft", p->abi_draft, n->abi_draft, FW_ABI_DRAFT},
        {"size of fw_plugin", p->struct_size, n->plugin_size, sizeof(struct fw_plugin)},
        {"size of fw_stage", p->stage_size, n->stage_size, sizeof(struct fw_stage)},
        {"size of fw_port", p->port_size, n->port_size, sizeof(struct fw_port)},
        {"size of fw_param", p->param_size, n->param_size, sizeof(struct fw_param)},
        {"size of fw_service", p->service_size, n->service_size, sizeof(struct fw_service)},
    };
    memcpy(ret, fields, sizeof fields);
}

/* An older minor may differ: its number is lower, and its structs end earlier. */
static bool acceptable(const struct field *fields, unsigned i)
{
    const bool older = fields[FIELD_MINOR].plugin < fields[FIELD_MINOR].ours;
    return fields[i].plugin == fields[i].ours ||
           (older && i != 0 && (i == FIELD_MINOR || i > 3) && fields[i].plugin < fields[i].ours);
}

static int check_contract(const struct fw_elf *elf, struct fw_error *err)
{
    struct field fields[N_FIELDS];
    struct fw_str unlike = {0};
    struct fw_str other = {0};
    collect(elf, fields);
    for (unsigned i = 0; i < N_FIELDS; i++) {
        const struct field *f = &fields[i];
        if (f->plugin != f->note) {
            fw_str_printf(&unlike, "; %s: symbol %u, note %u", f->name, f->plugin, f->note);
        }
        if (!acceptable(fields, i)) {
            fw_str_printf(&other, "; %s: plugin %u, fwrun %u", f->name, f->plugin, f->ours);
        }
    }
    if (unlike.len > 0) {
        fw_error_set(err, FW_EXIT_PLUGIN,
                     "its symbol fw_plugin_v1 and its note .note.fwrun disagree%s", unlike.text);
    } else if (other.len > 0) {
        fw_error_set(err, FW_EXIT_PLUGIN,
                     "is built for another plugin interface%s; rebuild it with the SDK headers of "
                     "this fwrun",
                     other.text);
    }
    const bool good = unlike.len == 0 && other.len == 0 && !unlike.oom && !other.oom;
    fw_str_finish(&unlike);
    fw_str_finish(&other);
    return good ? 0 : -1;
}

static int check_text(const struct fw_elf *elf, const char *text, const char *what,
                      struct fw_error *err)
{
    if (text == NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has no %s", what);
    }
    if (!fw_elf_holds_text(elf, text)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its %s points outside of the file", what);
    }
    if (text[0] == '\0' || strchr(text, '\n') != NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its %s is not one line of text", what);
    }
    return 0;
}

static int check_optional(const struct fw_elf *elf, const char *text, const char *what,
                          struct fw_error *err)
{
    if (text != NULL && !fw_elf_holds_text(elf, text)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its %s points outside of the file", what);
    }
    return 0;
}

/* Characters of `set`, the first one a letter. */
static int check_word(const struct fw_elf *elf, const char *text, const char *what, const char *set,
                      struct fw_error *err)
{
    if (check_text(elf, text, what, err) != 0) {
        return -1;
    }
    if (text[0] < 'a' || text[0] > 'z' || text[strspn(text, set)] != '\0' || strlen(text) > 63) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "its %s is '%.80s', expected a small letter and then at most 62 of %s",
                            what, text, set);
    }
    return 0;
}

#define SNAKE "abcdefghijklmnopqrstuvwxyz0123456789_"

static int check_array(const struct fw_elf *elf, const void *array, uint64_t n, uint64_t size,
                       struct fw_error *err)
{
    if (n > MAX_ENTRIES) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "declares %llu entries, the limit is %d",
                            (unsigned long long)n, MAX_ENTRIES);
    }
    if (n > 0 && !fw_elf_holds(elf, array, n * size, _Alignof(void *))) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "points outside of the file");
    }
    return 0;
}

static int check_size(uint32_t size, uint32_t declared, struct fw_error *err)
{
    return size == declared
               ? 0
               : fw_error_set(err, FW_EXIT_PLUGIN, "its struct_size is %u, the plugin declares %u",
                              size, declared);
}

static int check_port_fields(const struct fw_elf *elf, const struct fw_port *port, bool input,
                             struct fw_error *err)
{
    const bool wild = (port->flags & FW_PORT_WILDCARD) != 0;
    const uint32_t flags = FW_PORT_OPTIONAL | FW_PORT_WILDCARD |
                           (uint32_t)(input ? FW_PORT_MANY : FW_PORT_MAY_BE_EMPTY);
    if (check_text(elf, port->doc, "doc", err) != 0 ||
        check_optional(elf, port->file, "file", err) != 0) {
        return -1;
    }
    if (port->kind < FW_KIND_TABLE || port->kind > FW_KIND_ANY ||
        (port->kind == FW_KIND_ANY && !wild)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has the kind %u", port->kind);
    }
    if ((port->flags & ~flags) != 0 || port->reserved != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has flags 0x%x, allowed are 0x%x", port->flags,
                            flags);
    }
    if (input ? port->file != NULL
              : !wild && (port->file == NULL || port->file[0] == '\0' ||
                          strchr(port->file, '/') != NULL)) {
        return fw_error_set(
            err, FW_EXIT_PLUGIN,
            "has the file name '%s': outputs need one, without a folder, and inputs "
            "have none",
            port->file == NULL ? "" : port->file);
    }
    return 0;
}

static int check_ports(const struct fw_elf *elf, const struct fw_port *ports, uint32_t n,
                       bool input, struct fw_error *err)
{
    const char *what = input ? "input" : "output";
    if (check_array(elf, ports, n, elf->plugin->port_size, err) != 0) {
        return fw_error_prefix(err, "%ss: ", what);
    }
    for (uint32_t i = 0; i < n; i++) {
        /* Elements are found by the first one's size, so it has to be right before the second. */
        const struct fw_port *port = fw_port_at(ports, i);
        if (check_size(port->struct_size, elf->plugin->port_size, err) != 0) {
            return fw_error_prefix(err, "%s %u: ", what, i);
        }
        const bool wild = (port->flags & FW_PORT_WILDCARD) != 0;
        if (check_text(elf, port->name, "name", err) != 0 ||
            ((!wild || strcmp(port->name, "*") != 0) &&
             check_word(elf, port->name, "name", SNAKE, err) != 0)) {
            return fw_error_prefix(err, "%s %u: ", what, i);
        }
        if (check_port_fields(elf, port, input, err) != 0) {
            return fw_error_prefix(err, "%s '%s': ", what, port->name);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(fw_port_at(ports, k)->name, port->name) == 0) {
                return fw_error_set(err, FW_EXIT_PLUGIN, "%s '%s' is declared twice", what,
                                    port->name);
            }
        }
    }
    return 0;
}

static int check_param(const struct fw_elf *elf, const struct fw_param *param, struct fw_error *err)
{
    if (check_text(elf, param->doc, "doc", err) != 0 ||
        check_optional(elf, param->default_value, "default", err) != 0 ||
        check_optional(elf, param->min, "min", err) != 0 ||
        check_optional(elf, param->max, "max", err) != 0 ||
        check_optional(elf, param->choices, "choices", err) != 0 ||
        check_optional(elf, param->unit, "unit", err) != 0) {
        return -1;
    }
    return fw_param_check(param, err);
}

static int check_params(const struct fw_elf *elf, const struct fw_stage *stage,
                        struct fw_error *err)
{
    const struct fw_param *params = stage->params;
    if (check_array(elf, params, stage->n_params, elf->plugin->param_size, err) != 0) {
        return fw_error_prefix(err, "parameters: ");
    }
    for (uint32_t i = 0; i < stage->n_params; i++) {
        const struct fw_param *param = fw_param_at(params, i);
        if (check_size(param->struct_size, elf->plugin->param_size, err) != 0 ||
            check_word(elf, param->name, "name", SNAKE, err) != 0) {
            return fw_error_prefix(err, "parameter %u: ", i);
        }
        if (check_param(elf, param, err) != 0) {
            return fw_error_prefix(err, "parameter '%s': ", param->name);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(fw_param_at(params, k)->name, param->name) == 0) {
                return fw_error_set(err, FW_EXIT_PLUGIN, "parameter '%s' is declared twice",
                                    param->name);
            }
        }
    }
    return 0;
}

static int check_service_id(const struct fw_elf *elf, const char *id, struct fw_error *err)
{
    return check_word(elf, id, "service id", "abcdefghijklmnopqrstuvwxyz0123456789_.-/", err);
}

static int check_texts(const struct fw_elf *elf, const char *const *texts, uint32_t n,
                       const char *what, struct fw_error *err)
{
    if (check_array(elf, texts, n, sizeof *texts, err) != 0) {
        return fw_error_prefix(err, "list of %s: ", what);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (check_text(elf, texts[i], what, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int check_callbacks(const struct fw_stage *stage, struct fw_error *err)
{
    const bool saves = (stage->caps & FW_CAP_CHECKPOINT) != 0;
    if (stage->create == NULL || stage->step == NULL || stage->destroy == NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "lacks create, step or destroy");
    }
    if ((stage->save != NULL) != saves || (stage->restore != NULL) != saves) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "save and restore have to be there with FW_CAP_CHECKPOINT, and only "
                            "with it");
    }
    if ((stage->caps & ~(uint32_t)(FW_CAP_CHECKPOINT | FW_CAP_PARALLEL)) != 0 ||
        stage->determinism > FW_DETERMINISM_BITWISE) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has unknown caps 0x%x or determinism %u",
                            stage->caps, stage->determinism);
    }
    return 0;
}

static int check_stage(const struct fw_elf *elf, const struct fw_stage *stage, struct fw_error *err)
{
    if (check_text(elf, stage->doc, "doc", err) != 0 ||
        check_ports(elf, stage->inputs, stage->n_inputs, true, err) != 0 ||
        check_ports(elf, stage->outputs, stage->n_outputs, false, err) != 0 ||
        check_params(elf, stage, err) != 0 ||
        check_texts(elf, stage->services_required, stage->n_services_required, "required services",
                    err) != 0 ||
        check_texts(elf, stage->services_optional, stage->n_services_optional, "optional services",
                    err) != 0) {
        return -1;
    }
    return check_callbacks(stage, err);
}

static int check_stages(const struct fw_elf *elf, struct fw_error *err)
{
    const struct fw_plugin *p = elf->plugin;
    if (check_array(elf, p->stages, p->n_stages, sizeof *p->stages, err) != 0) {
        return fw_error_prefix(err, "stages: ");
    }
    for (uint64_t i = 0; i < p->n_stages; i++) {
        const struct fw_stage *stage = p->stages[i];
        if (check_array(elf, stage, 1, p->stage_size, err) != 0 ||
            check_size(stage->struct_size, p->stage_size, err) != 0 ||
            check_word(elf, stage->name, "name", SNAKE, err) != 0) {
            return fw_error_prefix(err, "stage %llu: ", (unsigned long long)i);
        }
        if (check_stage(elf, stage, err) != 0) {
            return fw_error_prefix(err, "stage '%s': ", stage->name);
        }
        for (uint64_t k = 0; k < i; k++) {
            if (strcmp(p->stages[k]->name, stage->name) == 0) {
                return fw_error_set(err, FW_EXIT_PLUGIN, "stage '%s' is declared twice",
                                    stage->name);
            }
        }
    }
    return 0;
}

static int check_services(const struct fw_elf *elf, struct fw_error *err)
{
    const struct fw_plugin *p = elf->plugin;
    if (check_array(elf, p->services, p->n_services, sizeof *p->services, err) != 0) {
        return fw_error_prefix(err, "services: ");
    }
    for (uint64_t i = 0; i < p->n_services; i++) {
        const struct fw_service *service = p->services[i];
        if (check_array(elf, service, 1, p->service_size, err) != 0 ||
            check_size(service->struct_size, p->service_size, err) != 0 ||
            check_service_id(elf, service->id, err) != 0) {
            return fw_error_prefix(err, "service %llu: ", (unsigned long long)i);
        }
        if (check_text(elf, service->doc, "doc", err) != 0 ||
            check_texts(elf, service->libraries, service->n_libraries, "libraries", err) != 0 ||
            check_array(elf, service->table, 1, sizeof(uint32_t), err) != 0) {
            return fw_error_prefix(err, "service '%s': ", service->id);
        }
    }
    return 0;
}

static int check_identity(const struct fw_elf *elf, struct fw_error *err)
{
    const struct fw_plugin *p = elf->plugin;
    const struct fw_note *n = elf->note;
    if (check_word(elf, p->id, "id", "abcdefghijklmnopqrstuvwxyz0123456789_.-", err) != 0 ||
        check_text(elf, p->version, "version", err) != 0 ||
        check_text(elf, p->licence, "licence", err) != 0 ||
        check_text(elf, p->doc, "doc", err) != 0) {
        return -1;
    }
    if (strncmp(p->id, n->id, sizeof n->id) != 0 ||
        strncmp(p->version, n->version, sizeof n->version) != 0 ||
        strncmp(p->licence, n->licence, sizeof n->licence) != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "its symbol fw_plugin_v1 and its note .note.fwrun disagree; symbol: %s "
                            "%s %s, note: %.64s %.32s %.64s",
                            p->id, p->version, p->licence, n->id, n->version, n->licence);
    }
    if (p->n_stages == 0 && p->n_services == 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "declares neither a stage nor a service");
    }
    return 0;
}

int fw_descriptor_check(const struct fw_elf *elf, struct fw_error *err)
{
    if (elf->plugin == NULL || elf->note == NULL) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "is no plugin: it has no %s; a plugin is defined with FW_PLUGIN of "
                            "fw/plugin.h",
                            elf->plugin == NULL ? "symbol fw_plugin_v1" : "note .note.fwrun");
    }
    if (check_contract(elf, err) != 0) {
        return -1;
    }
    if (!fw_elf_holds(elf, elf->plugin, elf->plugin->struct_size, 1)) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "its symbol fw_plugin_v1 points outside of the file");
    }
    if (check_identity(elf, err) != 0 || check_stages(elf, err) != 0) {
        return -1;
    }
    return check_services(elf, err);
}

int fw_descriptor_same(const struct fw_plugin *loaded, const struct fw_elf *elf,
                       struct fw_error *err)
{
    const struct fw_plugin *read = elf->plugin;
    bool same = memcmp(loaded, read, FW_ELF_HEAD) == 0 && strcmp(loaded->id, read->id) == 0 &&
                strcmp(loaded->version, read->version) == 0 && loaded->n_stages == read->n_stages &&
                loaded->n_services == read->n_services;
    for (uint64_t i = 0; same && i < read->n_stages; i++) {
        same = strcmp(loaded->stages[i]->name, read->stages[i]->name) == 0;
    }
    return same ? 0
                : fw_error_set(err, FW_EXIT_PLUGIN,
                               "describes itself otherwise once loaded than in its file");
}

const struct fw_port *fw_port_find(const struct fw_port *ports, uint32_t n, const char *name)
{
    const struct fw_port *wildcard = NULL;
    for (uint32_t i = 0; i < n; i++) {
        const struct fw_port *port = fw_port_at(ports, i);
        if (strcmp(port->name, name) == 0) {
            return port;
        }
        wildcard = (port->flags & FW_PORT_WILDCARD) != 0 ? port : wildcard;
    }
    return wildcard;
}

const struct fw_param *fw_param_find(const struct fw_stage *stage, const char *name)
{
    for (uint32_t i = 0; i < stage->n_params; i++) {
        const struct fw_param *param = fw_param_at(stage->params, i);
        if (strcmp(param->name, name) == 0) {
            return param;
        }
    }
    return NULL;
}

const char *fw_kind_name(fw_kind kind)
{
    static const char *const names[] = {"?", "table", "tensor", "file", "dir", "document", "any"};
    return names[kind < sizeof names / sizeof *names ? kind : 0];
}

const char *fw_param_type_name(fw_param_type type)
{
    static const char *const names[] = {"?",      "bool",      "int",      "real",
                                        "string", "enum",      "bytes",    "duration",
                                        "file",   "text_list", "real_list"};
    return names[type < sizeof names / sizeof *names ? type : 0];
}

const char *fw_determinism_name(uint32_t determinism)
{
    static const char *const names[] = {"none", "tolerance", "bitwise"};
    return determinism < sizeof names / sizeof *names ? names[determinism] : "?";
}
