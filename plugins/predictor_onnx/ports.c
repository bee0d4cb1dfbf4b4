/* SPDX-License-Identifier: MIT */
#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "element.h"

#define CHECK(call, what, where)                                                                   \
    do {                                                                                           \
        fw_status status_ = ort_check(host, api, call, what, where);                               \
        if (status_ != FW_OK) {                                                                    \
            return status_;                                                                        \
        }                                                                                          \
    } while (0)

static fw_status copy_name(const struct fw_host *host, const struct ort_api *api, char *given,
                           const char **ret_name)
{
    void *allocator = NULL;
    char *name = strdup(given);
    fw_status status = ort_check(host, api, api->default_allocator(&allocator),
                                 "ONNX Runtime has no allocator", NULL);
    if (status == FW_OK) {
        status = ort_check(host, api, api->allocator_free(allocator, given),
                           "ONNX Runtime cannot free a name", NULL);
    }
    *ret_name = name;
    return name == NULL ? FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the model's names")
                        : status;
}

static fw_status read_name(const struct fw_host *host, const struct ort_api *api,
                           const void *session, enum ort_side side, size_t index,
                           const char **ret_name)
{
    void *allocator = NULL;
    char *given = NULL;
    CHECK(api->default_allocator(&allocator), "ONNX Runtime has no allocator", NULL);
    CHECK((side == ORT_INPUTS ? api->input_name : api->output_name)(session, index, allocator,
                                                                    &given),
          "a name of the model cannot be read", NULL);
    return copy_name(host, api, given, ret_name);
}

static fw_status unsupported(const struct fw_host *host, const char *name, const char *value)
{
    return FW_FAIL(host, FW_E_UNSUPPORTED,
                   .what = "the model has an input or output of a kind that is not handled",
                   .where = name, .value = value,
                   .expected = "a tensor of float32, float64, bool, or integers of at most 64 bits "
                               "(unsigned: 16), of at most 16 dimensions");
}

static fw_status read_tensor(const struct fw_host *host, const struct ort_api *api,
                             const void *type, const char *name, struct ort_port *port)
{
    const void *info = NULL;
    int number = 0;
    size_t rank = 0;
    char value[48];
    CHECK(api->type_as_tensor(type, &info), "a type of the model cannot be read", name);
    if (info == NULL) {
        return unsupported(host, name, "no tensor");
    }
    CHECK(api->element_type(info, &number), "a type of the model cannot be read", name);
    CHECK(api->rank(info, &rank), "a shape of the model cannot be read", name);
    snprintf(value, sizeof value, "element type %d of %zu dimensions", number, rank);
    if (ort_to_element(number) == 0 || rank > ORT_MAX_RANK) {
        return unsupported(host, name, value);
    }
    CHECK(api->shape(info, port->shape, rank), "a shape of the model cannot be read", name);
    port->port = (struct fw_predictor_port){.struct_size = (uint32_t)sizeof port->port,
                                            .element = ort_to_element(number),
                                            .name = name,
                                            .rank = rank,
                                            .shape = port->shape};
    return FW_OK;
}

static fw_status read_port(const struct fw_host *host, const struct ort_api *api,
                           const void *session, enum ort_side side, struct ort_ports *ports)
{
    void *type = NULL;
    const char **name = &ports->names[ports->n];
    struct ort_port *port = &ports->items[ports->n];
    fw_status status = read_name(host, api, session, side, ports->n, name);
    if (status == FW_OK) {
        void *failed =
            (side == ORT_INPUTS ? api->input_type : api->output_type)(session, ports->n, &type);
        status = ort_check(host, api, failed, "a type of the model cannot be read", *name);
    }
    if (status == FW_OK) {
        status = read_tensor(host, api, type, *name, port);
        api->release_type(type);
    }
    ports->list[ports->n++] = &port->port;
    return status;
}

fw_status ort_ports_read(const struct fw_host *host, const struct ort_api *api, const void *session,
                         enum ort_side side, struct ort_ports *ports)
{
    size_t n = 0;
    CHECK((side == ORT_INPUTS ? api->input_count : api->output_count)(session, &n),
          "the model's inputs and outputs cannot be counted", NULL);
    ports->items = calloc(n + 1, sizeof *ports->items);
    ports->list = calloc(n + 1, sizeof *ports->list);
    ports->names = calloc(n + 1, sizeof *ports->names);
    if (ports->items == NULL || ports->list == NULL || ports->names == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the model's description");
    }
    fw_status status = FW_OK;
    while (status == FW_OK && ports->n < n) {
        status = read_port(host, api, session, side, ports);
    }
    return status;
}

void ort_ports_finish(struct ort_ports *ports)
{
    for (size_t i = 0; i < ports->n; i++) {
        free((void *)(uintptr_t)ports->names[i]);
    }
    free(ports->names);
    free(ports->items);
    free(ports->list);
    *ports = (struct ort_ports){0};
}
