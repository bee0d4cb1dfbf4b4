/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fuzz.h"
#include "plugin/descriptor.h"
#include "plugins/kinds.h"

static size_t n_read; /* keeps the reading from being optimised away */

static void read_text(const char *text)
{
    n_read += text != NULL ? strlen(text) : 0;
}

static void read_ports(const struct fw_port *ports, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct fw_port *port = fw_port_at(ports, i);
        read_text(port->name);
        read_text(port->doc);
        read_text(port->file);
        read_text(fw_kind_name(port->kind));
        FUZZ_CHECK(fw_port_find(ports, n, port->name) != NULL);
    }
}

static void read_texts(const char *const *texts, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        read_text(texts[i]);
    }
}

static void read_params(const struct fw_param *params, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct fw_param *param = fw_param_at(params, i);
        read_text(param->doc);
        read_text(param->default_value);
        read_text(param->min);
        read_text(param->max);
        read_text(param->choices);
        read_text(param->unit);
    }
}

static void read_stage(const struct fw_stage *stage)
{
    read_text(stage->doc);
    read_ports(stage->inputs, stage->n_inputs);
    read_ports(stage->outputs, stage->n_outputs);
    read_texts(stage->services_required, stage->n_services_required);
    read_texts(stage->services_optional, stage->n_services_optional);
    read_params(stage->params, stage->n_params);
}

static void read_kinds(const struct fw_elf *elf, const struct fw_service *service)
{
    struct fw_error err = {0};
    const struct fw_callbacks *table = service->table;
    if (fw_kinds_check(elf, service, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_PLUGIN && err.text[0] != '\0');
        return;
    }
    for (uint32_t i = 0; i < table->n_kinds; i++) {
        read_text(table->kinds[i]->kind);
        read_text(table->kinds[i]->doc);
        read_params(table->kinds[i]->params, table->kinds[i]->n_params);
    }
}

/* What was checked may be followed, every pointer of it. */
static void read_plugin(const struct fw_elf *elf)
{
    const struct fw_plugin *plugin = elf->plugin;
    read_text(plugin->id);
    read_text(plugin->version);
    read_text(plugin->licence);
    read_text(plugin->doc);
    for (uint64_t i = 0; i < plugin->n_stages; i++) {
        const struct fw_stage *stage = plugin->stages[i];
        FUZZ_CHECK(fw_plugin_stage(plugin, stage->name) == stage);
        read_stage(stage);
    }
    for (uint64_t i = 0; i < plugin->n_services; i++) {
        const struct fw_service *service = plugin->services[i];
        FUZZ_CHECK(fw_plugin_service(plugin, service->id) == service);
        read_text(service->doc);
        read_texts(service->libraries, service->n_libraries);
        if (fw_kinds_are(service)) {
            read_kinds(elf, service);
        }
    }
}

/* Input: a shared object. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_elf elf;
    struct fw_error err = {0};
    fuzz_write(fuzz_path("plugin.so"), data, size);
    if (fw_elf_read(fuzz_path("plugin.so"), &elf, &err) < 0) {
        FUZZ_CHECK(err.code == FW_EXIT_PLUGIN && err.text[0] != '\0');
        return 0;
    }
    FUZZ_CHECK(strlen(elf.digest) == FW_SHA256_TEXT - 1);
    if (fw_descriptor_check(&elf, &err) == 0) {
        read_plugin(&elf);
        FUZZ_CHECK(fw_descriptor_same(elf.plugin, &elf, &err) == 0);
    } else {
        FUZZ_CHECK(err.code == FW_EXIT_PLUGIN && err.text[0] != '\0');
    }
    fw_elf_finish(&elf);
    return 0;
}
