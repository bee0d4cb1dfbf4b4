/* SPDX-License-Identifier: MIT */
#ifndef FW_PLUGIN_H
#define FW_PLUGIN_H

#include "fw/stage.h"
#include "fw/version.h"

FW_BEGIN_DECLS

/**
 * A service that a plugin offers to stages. `table` is the function table that the service's
 * header defines; it starts with struct_size. `libraries` names the shared libraries whose
 * version can change results ("libduckdb.so"): their content is part of the cache key of
 * every stage that binds the service. One that is opened only when it is needed, and may be
 * missing until then, has a '?' behind its name.
 */
struct fw_service {
    uint32_t struct_size;
    uint32_t n_libraries;
    const char *id; /**< "fw.NAME/REVISION"; others use a reverse domain */
    const char *doc;
    const char *const *libraries;
    const void *table;
};
FW_ASSERT_NO_TAIL(struct fw_service, table);

/**
 * What a plugin is: the only symbol it exports, constant data that the host reads before it
 * calls any code. The sizes let a refusal name every struct that differs.
 */
struct fw_plugin {
    uint32_t magic;
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t abi_draft;
    uint32_t stage_size;
    uint32_t port_size;
    uint32_t param_size;
    uint32_t service_size;
    const char *id; /**< reverse domain, "org.example.upper" */
    const char *version;
    const char *licence; /**< SPDX expression */
    const char *doc;
    const struct fw_stage *const *stages;
    uint64_t n_stages;
    const struct fw_service *const *services;
    uint64_t n_services;
};
FW_ASSERT_NO_TAIL(struct fw_plugin, n_services);

extern FW_EXPORT const struct fw_plugin fw_plugin_v1;

/** The same facts as plain bytes in the section `.note.fwrun`, readable without relocation. */
struct fw_note {
    uint32_t name_size;
    uint32_t desc_size;
    uint32_t type;
    char name[8];
    uint32_t magic;
    uint32_t plugin_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t abi_draft;
    uint32_t stage_size;
    uint32_t port_size;
    uint32_t param_size;
    uint32_t service_size;
    char id[64];
    char version[32];
    char licence[64];
};
FW_ASSERT_NO_TAIL(struct fw_note, licence);

#define FW_NOTE_NAME "fwrun"
#define FW_NOTE_TYPE 1u

/**
 * Defines the plugin, once per shared object, at file scope:
 *
 *     static const struct fw_stage *const stages[] = {&upper_stage};
 *     FW_PLUGIN("org.example.upper", "0.1.0", "MIT", .doc = "Upper-cases text",
 *               .stages = stages, .n_stages = FW_COUNT(stages));
 *
 * Needs C11 or C++20 (designated initialisers); in C++ give the members in declared order.
 */
/* clang-format off */
#define FW_PLUGIN(id_, version_, licence_, ...)                                                    \
    FW_STATIC_ASSERT(sizeof(id_) <= 64, "plugin id: at most 63 bytes");                            \
    FW_STATIC_ASSERT(sizeof(version_) <= 32, "plugin version: at most 31 bytes");                  \
    FW_STATIC_ASSERT(sizeof(licence_) <= 64, "plugin licence: at most 63 bytes");                  \
    __attribute__((section(".note.fwrun"), used, aligned(4))) static const struct fw_note          \
        fw_plugin_note = {                                                                         \
            .name_size = sizeof(FW_NOTE_NAME),                                                     \
            .desc_size = sizeof(struct fw_note) - offsetof(struct fw_note, magic),                 \
            .type = FW_NOTE_TYPE,                                                                  \
            .name = FW_NOTE_NAME,                                                                  \
            .magic = FW_MAGIC,                                                                     \
            .plugin_size = (uint32_t)sizeof(struct fw_plugin),                                     \
            .abi_major = FW_ABI_MAJOR,                                                             \
            .abi_minor = FW_ABI_MINOR,                                                             \
            .abi_draft = FW_ABI_DRAFT,                                                             \
            .stage_size = (uint32_t)sizeof(struct fw_stage),                                       \
            .port_size = (uint32_t)sizeof(struct fw_port),                                         \
            .param_size = (uint32_t)sizeof(struct fw_param),                                       \
            .service_size = (uint32_t)sizeof(struct fw_service),                                   \
            .id = id_,                                                                             \
            .version = version_,                                                                   \
            .licence = licence_};                                                                  \
    const struct fw_plugin fw_plugin_v1 = {                                                        \
        .magic = FW_MAGIC,                                                                         \
        .struct_size = (uint32_t)sizeof(struct fw_plugin),                                         \
        .abi_major = FW_ABI_MAJOR,                                                                 \
        .abi_minor = FW_ABI_MINOR,                                                                 \
        .abi_draft = FW_ABI_DRAFT,                                                                 \
        .stage_size = (uint32_t)sizeof(struct fw_stage),                                           \
        .port_size = (uint32_t)sizeof(struct fw_port),                                             \
        .param_size = (uint32_t)sizeof(struct fw_param),                                           \
        .service_size = (uint32_t)sizeof(struct fw_service),                                       \
        .id = id_,                                                                                 \
        .version = version_,                                                                       \
        .licence = licence_,                                                                       \
        __VA_ARGS__}
/* clang-format on */

FW_END_DECLS

#endif
