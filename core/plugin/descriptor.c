/* SPDX-License-Identifier: MIT */
#include "plugin/descriptor.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "plugin/param.h"

/* A plugin with more of anything than this is damaged. */
enum { MAX_ENTRIES = 1024, MAX_NAME = 64 };

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
    fw_auto(str) struct fw_str list = {0};
    bool unlike = false;
    collect(elf, fields);
    for (unsigned i = 0; i < N_FIELDS; i++) {
        unlike = unlike || fields[i].plugin != fields[i].note;
    }
    for (unsigned i = 0; i < N_FIELDS; i++) {
        const struct field *f = &fields[i];
        if (unlike ? f->plugin != f->note : !acceptable(fields, i)) {
            fw_str_printf(&list, "; %s: %s %u, %s %u", f->name, unlike ? "symbol" : "plugin",
                          f->plugin, unlike ? "note" : "fwrun", unlike ? f->note : f->ours);
        }
    }
    if (list.len == 0) {
        return list.oom ? fw_error_oom(err) : 0;
    }
    return fw_error_set(err, FW_EXIT_PLUGIN, "%s%s%s",
                        unlike ? "its symbol fw_plugin_v1 and its note .note.fwrun disagree"
                               : "is built for another plugin interface",
                        list.text, unlike ? "" : "; rebuild it with the SDK headers of this fwrun");
}

static int outside(const char *what, struct fw_error *err)
{
    return fw_error_set(err, FW_EXIT_PLUGIN, "its %s points outside of the file", what);
}

enum need { OPTIONAL, LINE, NAME, ID, SERVICE };

struct text {
    const char *what;
    const char *text;
    enum need need;
};

static int check_text(const struct fw_elf *elf, const struct text *t, struct fw_error *err)
{
    static const char *const sets[] = {
        [NAME] = "abcdefghijklmnopqrstuvwxyz0123456789_",
        [ID] = "abcdefghijklmnopqrstuvwxyz0123456789_.-",
        [SERVICE] = "abcdefghijklmnopqrstuvwxyz0123456789_.-/",
    };
    if (t->text == NULL) {
        return t->need == OPTIONAL ? 0 : fw_error_set(err, FW_EXIT_PLUGIN, "has no %s", t->what);
    }
    if (!fw_elf_holds_text(elf, t->text)) {
        return outside(t->what, err);
    }
    if (t->need != OPTIONAL && (t->text[0] == '\0' || strchr(t->text, '\n') != NULL)) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "its %s is not one line of text", t->what);
    }
    if (t->need >= NAME &&
        (t->text[0] < 'a' || t->text[0] > 'z' || t->text[strspn(t->text, sets[t->need])] != '\0' ||
         strlen(t->text) >= MAX_NAME)) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "its %s is '%.80s', expected a small letter and then at most %d of %s",
                            t->what, t->text, MAX_NAME - 2, sets[t->need]);
    }
    return 0;
}

static int check_texts(const struct fw_elf *elf, const struct text *texts, size_t n,
                       struct fw_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (check_text(elf, &texts[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int check_array(const struct fw_elf *elf, const void *array, uint64_t n, uint64_t size,
                       struct fw_error *err)
{
    if (n > MAX_ENTRIES) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has %llu entries, the limit is %d",
                            (unsigned long long)n, MAX_ENTRIES);
    }
    return n == 0 || fw_elf_holds(elf, array, n * size, _Alignof(void *)) ? 0
                                                                          : outside("list", err);
}

static int check_strings(const struct fw_elf *elf, const char *const *strings, uint32_t n,
                         const char *what, struct fw_error *err)
{
    if (check_array(elf, strings, n, sizeof *strings, err) != 0) {
        return fw_error_prefix(err, "%s: ", what);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (check_text(elf, &(struct text){what, strings[i], LINE}, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Ports, parameters and stages, each with what tells one from the other. */
struct list {
    const char *what;
    const void *entries;         /* the first one, or pointers to all */
    const void *const *pointers; /* not NULL: they are pointed to */
    uint64_t n;
    uint32_t size; /* of an entry, as the plugin declares it */
    size_t name;   /* offset of an entry's name */
    int (*check)(const struct fw_elf *elf, const void *entry, struct fw_error *err);
};

static const void *entry_at(const struct list *list, uint64_t i)
{
    return list->pointers != NULL ? list->pointers[i]
                                  : (const char *)list->entries + i * list->size;
}

static const char *name_at(const struct list *list, uint64_t i)
{
    const char *name;
    memcpy(&name, (const char *)entry_at(list, i) + list->name, sizeof name);
    return name;
}

static int check_entry(const struct fw_elf *elf, const struct list *list, uint64_t i,
                       struct fw_error *err)
{
    const void *entry = entry_at(list, i);
    uint32_t size = 0;
    if (check_array(elf, entry, 1, list->size, err) == 0) {
        memcpy(&size, entry, sizeof size);
    }
    if (size != list->size) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "%s %llu is outside of the file, or its struct_size is %u, not %u",
                            list->what, (unsigned long long)i, size, list->size);
    }
    const char *name = name_at(list, i);
    if (check_text(elf, &(struct text){"name", name, LINE}, err) != 0) {
        return fw_error_prefix(err, "%s %llu: ", list->what, (unsigned long long)i);
    }
    for (uint64_t k = 0; k < i; k++) {
        if (strcmp(name_at(list, k), name) == 0) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "%s '%s' is declared twice", list->what, name);
        }
    }
    return list->check(elf, entry, err) == 0
               ? 0
               : fw_error_prefix(err, "%s '%.80s': ", list->what, name);
}

static int check_list(const struct fw_elf *elf, const struct list *list, struct fw_error *err)
{
    const bool direct = list->pointers == NULL;
    if (check_array(elf, direct ? list->entries : list->pointers, list->n,
                    direct ? list->size : sizeof(void *), err) != 0) {
        return fw_error_prefix(err, "%ss: ", list->what);
    }
    for (uint64_t i = 0; i < list->n; i++) {
        if (check_entry(elf, list, i, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int check_port(const struct fw_elf *elf, const struct fw_port *port, uint32_t flags,
                      struct fw_error *err)
{
    const bool wild = (port->flags & FW_PORT_WILDCARD) != 0;
    const struct text texts[] = {
        {"name", port->name, wild ? LINE : NAME},
        {"doc", port->doc, LINE},
        {"file", port->file, OPTIONAL},
    };
    if (check_texts(elf, texts, FW_COUNT(texts), err) != 0) {
        return -1;
    }
    if (wild != (strcmp(port->name, "*") == 0) || port->kind < FW_KIND_TABLE ||
        port->kind > FW_KIND_ANY || (port->kind == FW_KIND_ANY && !wild)) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "has kind %u: '*', FW_PORT_WILDCARD and FW_KIND_ANY go together",
                            port->kind);
    }
    if ((port->flags & ~flags) != 0 || port->reserved != 0) {
        return fw_error_set(err, FW_EXIT_PLUGIN, "has flags 0x%x, allowed are 0x%x", port->flags,
                            flags);
    }
    return 0;
}

static int check_input(const struct fw_elf *elf, const void *entry, struct fw_error *err)
{
    const struct fw_port *port = entry;
    if (check_port(elf, port, FW_PORT_OPTIONAL | FW_PORT_WILDCARD | FW_PORT_MANY, err) != 0) {
        return -1;
    }
    return port->file == NULL ? 0 : fw_error_set(err, FW_EXIT_PLUGIN, "is an input with a file");
}

static int check_output(const struct fw_elf *elf, const void *entry, struct fw_error *err)
{
    const struct fw_port *port = entry;
    if (check_port(elf, port, FW_PORT_OPTIONAL | FW_PORT_WILDCARD | FW_PORT_MAY_BE_EMPTY, err) !=
        0) {
        return -1;
    }
    const bool wild = (port->flags & FW_PORT_WILDCARD) != 0;
    if (!wild && (port->file == NULL || port->file[0] == '\0' || strchr(port->file, '/') != NULL)) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "has the file name '%s', expected a name without folders",
                            port->file == NULL ? "" : port->file);
    }
    return 0;
}

static int check_param(const struct fw_elf *elf, const void *entry, struct fw_error *err)
{
    const struct fw_param *param = entry;
    const struct text texts[] = {
        {"name", param->name, NAME},
        {"doc", param->doc, LINE},
        {"default", param->default_value, OPTIONAL},
        {"min", param->min, OPTIONAL},
        {"max", param->max, OPTIONAL},
        {"choices", param->choices, OPTIONAL},
        {"unit", param->unit, OPTIONAL},
    };
    return check_texts(elf, texts, FW_COUNT(texts), err) == 0 ? fw_param_check(param, err) : -1;
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

static int check_stage(const struct fw_elf *elf, const void *entry, struct fw_error *err)
{
    const struct fw_stage *stage = entry;
    const uint32_t port_size = elf->plugin->port_size;
    const size_t port_name = offsetof(struct fw_port, name);
    const struct text texts[] = {{"name", stage->name, NAME}, {"doc", stage->doc, LINE}};
    const struct list lists[] = {
        {"input", stage->inputs, NULL, stage->n_inputs, port_size, port_name, check_input},
        {"output", stage->outputs, NULL, stage->n_outputs, port_size, port_name, check_output},
        {"parameter", stage->params, NULL, stage->n_params, elf->plugin->param_size,
         offsetof(struct fw_param, name), check_param},
    };
    if (check_texts(elf, texts, FW_COUNT(texts), err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < FW_COUNT(lists); i++) {
        if (check_list(elf, &lists[i], err) != 0) {
            return -1;
        }
    }
    if (check_strings(elf, stage->services_required, stage->n_services_required, "required service",
                      err) != 0 ||
        check_strings(elf, stage->services_optional, stage->n_services_optional, "optional service",
                      err) != 0) {
        return -1;
    }
    return check_callbacks(stage, err);
}

static int check_service(const struct fw_elf *elf, const void *entry, struct fw_error *err)
{
    const struct fw_service *service = entry;
    const struct text texts[] = {{"id", service->id, SERVICE}, {"doc", service->doc, LINE}};
    if (check_texts(elf, texts, FW_COUNT(texts), err) != 0 ||
        check_strings(elf, service->libraries, service->n_libraries, "library", err) != 0) {
        return -1;
    }
    return fw_elf_holds(elf, service->table, sizeof(uint32_t), _Alignof(uint32_t))
               ? 0
               : outside("table", err);
}

static int check_identity(const struct fw_elf *elf, struct fw_error *err)
{
    const struct fw_plugin *p = elf->plugin;
    const struct fw_note *n = elf->note;
    const struct text texts[] = {
        {"id", p->id, ID},
        {"version", p->version, LINE},
        {"licence", p->licence, LINE},
        {"doc", p->doc, LINE},
    };
    if (check_texts(elf, texts, FW_COUNT(texts), err) != 0) {
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
        return outside("symbol fw_plugin_v1", err);
    }
    const struct fw_plugin *p = elf->plugin;
    const struct list stages = {
        .what = "stage",
        .pointers = (const void *const *)p->stages,
        .n = p->n_stages,
        .size = p->stage_size,
        .name = offsetof(struct fw_stage, name),
        .check = check_stage,
    };
    const struct list services = {
        .what = "service",
        .pointers = (const void *const *)p->services,
        .n = p->n_services,
        .size = p->service_size,
        .name = offsetof(struct fw_service, id),
        .check = check_service,
    };
    if (check_identity(elf, err) != 0 || check_list(elf, &stages, err) != 0) {
        return -1;
    }
    return check_list(elf, &services, err);
}

int fw_descriptor_same(const struct fw_plugin *loaded, const struct fw_elf *elf,
                       struct fw_error *err)
{
    return memcmp(loaded, elf->plugin, FW_ELF_HEAD) == 0 &&
                   strcmp(loaded->id, elf->plugin->id) == 0 &&
                   strcmp(loaded->version, elf->plugin->version) == 0
               ? 0
               : fw_error_set(err, FW_EXIT_PLUGIN,
                              "describes itself otherwise once loaded than in its file");
}

const struct fw_stage *fw_plugin_stage(const struct fw_plugin *plugin, const char *name)
{
    for (uint64_t i = 0; i < plugin->n_stages; i++) {
        if (strcmp(plugin->stages[i]->name, name) == 0) {
            return plugin->stages[i];
        }
    }
    return NULL;
}

const struct fw_service *fw_plugin_service(const struct fw_plugin *plugin, const char *id)
{
    for (uint64_t i = 0; i < plugin->n_services; i++) {
        if (strcmp(plugin->services[i]->id, id) == 0) {
            return plugin->services[i];
        }
    }
    return NULL;
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

const char *fw_kind_name(fw_kind kind)
{
    static const char *const names[] = {"?", "table", "tensor", "file", "dir", "document", "any"};
    return names[kind < sizeof names / sizeof *names ? kind : 0];
}
