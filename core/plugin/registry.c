/* SPDX-License-Identifier: MIT */
#include "plugin/registry.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "config/near.h"
#include "plugin/descriptor.h"
#include "plugin/library.h"
#include "plugin/paths.h"

static bool usable(const struct fw_registry_entry *entry)
{
    return entry->reason == NULL && entry->shadowed_by == NULL;
}

static void entry_finish(struct fw_registry_entry *entry)
{
    free(entry->path);
    free(entry->reason);
    free(entry->shadowed_by);
    fw_elf_finish(&entry->elf);
}

void fw_registry_finish(struct fw_registry *registry)
{
    for (size_t i = 0; i < registry->len; i++) {
        entry_finish(&registry->items[i]);
    }
    free(registry->items);
    fw_strings_finish(&registry->folders);
    *registry = (struct fw_registry){0};
}

static const struct fw_registry_entry *find_id(const struct fw_registry *registry, const char *id)
{
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        if (usable(entry) && strcmp(entry->plugin->id, id) == 0) {
            return entry;
        }
    }
    return NULL;
}

int fw_registry_add(struct fw_registry *registry, const char *path, struct fw_error *err)
{
    struct fw_registry_entry entry = {.path = fw_path_absolute(path)};
    struct fw_error why = {0};
    const struct fw_registry_entry *first = NULL;
    if (entry.path == NULL) {
        return fw_error_oom(err);
    }
    if (fw_elf_read(entry.path, &entry.elf, &why) == 0 &&
        fw_descriptor_check(&entry.elf, &why) == 0) {
        entry.plugin = entry.elf.plugin;
        first = find_id(registry, entry.plugin->id);
        entry.shadowed_by = first == NULL ? NULL : strdup(first->path);
    } else if (why.code != FW_EXIT_EXHAUSTED) { /* which says nothing about the plugin */
        entry.reason = strdup(why.text);
    }
    const bool whole = entry.plugin == NULL ? entry.reason != NULL
                                            : (first == NULL) == (entry.shadowed_by == NULL);
    struct fw_registry_entry *slot = whole ? fw_vec_add(registry) : NULL;
    if (slot == NULL) {
        entry_finish(&entry);
        return fw_error_oom(err);
    }
    *slot = entry;
    return 0;
}

static int add_candidate(struct fw_registry *registry, const char *folder, const char *name,
                         struct fw_error *err)
{
    const size_t len = strlen(name);
    const bool file = len > 3 && strcmp(name + len - 3, ".so") == 0;
    fw_auto(free) char *path =
        file ? fw_text("%s/%s", folder, name) : fw_text("%s/%s/%s.so", folder, name, name);
    if (path == NULL) {
        return fw_error_oom(err);
    }
    return access(path, F_OK) == 0 ? fw_registry_add(registry, path, err) : 0;
}

static int search(struct fw_registry *registry, const char *given, struct fw_error *err)
{
    fw_auto(free) char *folder = fw_path_absolute(given);
    fw_auto(strings) struct fw_strings names = {0};
    if (folder == NULL || fw_strings_find(&registry->folders, folder)) {
        return folder == NULL ? fw_error_oom(err) : 0;
    }
    fw_auto(closedir) DIR *dir = opendir(folder);
    if (dir == NULL) {
        return fw_error_errno(err, FW_EXIT_PLUGIN, "plugin folder %s", folder);
    }
    for (const struct dirent *item = readdir(dir); item != NULL; item = readdir(dir)) {
        if (item->d_name[0] != '.' && fw_strings_add(&names, item->d_name) != 0) {
            return fw_error_oom(err);
        }
    }
    fw_strings_sort(&names);
    for (size_t i = 0; i < names.len; i++) {
        if (add_candidate(registry, folder, names.items[i], err) != 0) {
            return -1;
        }
    }
    return fw_strings_take(&registry->folders, fw_steal(&folder)) == 0 ? 0 : fw_error_oom(err);
}

static int search_all(struct fw_registry *registry, const struct fw_strings *dirs,
                      struct fw_error *err)
{
    for (size_t i = 0; dirs != NULL && i < dirs->len; i++) {
        if (search(registry, dirs->items[i], err) != 0) {
            return fw_error_prefix(err, "--plugin-dir: ");
        }
    }
    const char *env = getenv("FWRUN_PLUGIN_PATH");
    fw_auto(free) char *list = strdup(env == NULL ? "" : env);
    if (list == NULL) {
        return fw_error_oom(err);
    }
    char *save = NULL;
    for (char *item = strtok_r(list, ":", &save); item != NULL; item = strtok_r(NULL, ":", &save)) {
        if (search(registry, item, err) != 0) {
            return fw_error_prefix(err, "FWRUN_PLUGIN_PATH: ");
        }
    }
    /* A program in a build tree uses that tree's plugins and none that happen to be installed. A
     * build without plugins is no mistake of the user. */
    fw_auto(free) char *own = fw_path_own("plugins", FWRUN_PLUGIN_DIR);
    FW_TRY(own ? 0 : fw_error_oom(err));
    return access(own, F_OK) == 0 ? search(registry, own, err) : 0;
}

int fw_registry_open(const struct fw_strings *dirs, struct fw_registry *ret_registry,
                     struct fw_error *err)
{
    struct fw_registry registry = {0};
    if (search_all(&registry, dirs, err) != 0) {
        fw_registry_finish(&registry);
        return -1;
    }
    *ret_registry = registry;
    return 0;
}

int fw_registry_check_libraries(const struct fw_registry_entry *entry, struct fw_error *err)
{
    fw_auto(free) char *folder = fw_path_folder(entry->path);
    if (folder == NULL) {
        return fw_error_oom(err);
    }
    const struct fw_library_user user = {.folder = folder, .runpath = entry->elf.runpath};
    for (size_t i = 0; i < entry->elf.needed.len; i++) {
        fw_auto(free) char *path = NULL;
        const char *name = entry->elf.needed.items[i];
        /* This program uses the C library too. */
        if (strcmp(name, "libc.so.6") != 0 && fw_library_find(&user, name, &path, NULL, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Whether a file that could not be read would be expected to have what is called `name`. */
static bool named_like(const struct fw_registry_entry *entry, const char *name)
{
    const char *file = fw_path_name(entry->path);
    const size_t len = strlen(name);
    return strncmp(file, name, len) == 0 && strcmp(file + len, ".so") == 0;
}

static int not_found(const struct fw_registry *registry, const char *what, const char *name,
                     const char *near, struct fw_error *err)
{
    fw_auto(str) struct fw_str text = {0};
    size_t n_bad = 0;
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        n_bad += entry->reason != NULL;
        if (entry->reason != NULL && named_like(entry, name)) {
            return fw_error_set(err, FW_EXIT_PLUGIN, "%s '%s': %s: %s", what, name, entry->path,
                                entry->reason);
        }
    }
    fw_str_printf(&text, "no plugin has the %s '%s'", what, name);
    if (near != NULL) {
        fw_str_printf(&text, "; did you mean '%s'", near);
    }
    for (size_t i = 0; i < registry->folders.len; i++) {
        fw_str_printf(&text, "%s%s", i == 0 ? "; searched: " : ", ", registry->folders.items[i]);
    }
    if (n_bad > 0) {
        fw_str_printf(&text, "; %zu files there cannot be used, see `fwrun list`", n_bad);
    }
    return text.oom ? fw_error_oom(err) : fw_error_set(err, FW_EXIT_CONFIG, "%s", text.text);
}

static int twice(const char *name, const struct fw_registry_entry *a,
                 const struct fw_registry_entry *b, struct fw_error *err)
{
    return fw_error_set(err, FW_EXIT_PLUGIN,
                        "two plugins have the stage '%s': %s (%s) and %s (%s); take one of them "
                        "out of the search path",
                        name, a->path, a->plugin->id, b->path, b->plugin->id);
}

static const char *near_stage(const struct fw_registry *registry, const char *name)
{
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        for (uint64_t k = 0; usable(entry) && k < entry->plugin->n_stages && n < 256; k++) {
            names[n++] = entry->plugin->stages[k]->name;
        }
    }
    return fw_near(name, names, n);
}

int fw_registry_find_stage(const struct fw_registry *registry, const char *name,
                           struct fw_registry_stage *ret_stage, struct fw_error *err)
{
    struct fw_registry_stage found = {0};
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        const struct fw_stage *stage = usable(entry) ? fw_plugin_stage(entry->plugin, name) : NULL;
        if (stage != NULL && found.stage != NULL) {
            return twice(name, found.entry, entry, err);
        }
        if (stage != NULL) {
            found = (struct fw_registry_stage){.entry = entry, .stage = stage};
        }
    }
    if (found.stage == NULL) {
        return not_found(registry, "stage", name, near_stage(registry, name), err);
    }
    if (fw_registry_check_libraries(found.entry, err) != 0) {
        return fw_error_prefix(err, "stage '%s': %s: ", name, found.entry->path);
    }
    *ret_stage = found;
    return 0;
}

static bool is_kind(const struct fw_plugin *plugin, const char *kind)
{
    const char *end = strrchr(plugin->id, '_');
    return kind == NULL || (end != NULL && strcmp(end + 1, kind) == 0);
}

int fw_registry_find_service(const struct fw_registry *registry,
                             const struct fw_registry_wish *wish,
                             struct fw_registry_service *ret_service, struct fw_error *err)
{
    size_t left = wish->skip;
    for (size_t i = 0; i < registry->len; i++) {
        const struct fw_registry_entry *entry = &registry->items[i];
        const struct fw_service *service = usable(entry) && is_kind(entry->plugin, wish->kind)
                                               ? fw_plugin_service(entry->plugin, wish->id)
                                               : NULL;
        if (service == NULL || left-- > 0) {
            continue;
        }
        if (fw_registry_check_libraries(entry, err) != 0) {
            return fw_error_prefix(err, "service '%s': %s: ", wish->id, entry->path);
        }
        *ret_service = (struct fw_registry_service){.entry = entry, .service = service};
        return 0;
    }
    return not_found(registry, "service", wish->id, NULL, err);
}

int fw_registry_libraries(const struct fw_registry_service *service, struct fw_strings *list,
                          struct fw_error *err)
{
    fw_auto(free) char *folder = fw_path_folder(service->entry->path);
    if (folder == NULL) {
        return fw_error_oom(err);
    }
    const struct fw_library_user user = {.folder = folder, .runpath = service->entry->elf.runpath};
    for (uint32_t i = 0; i < service->service->n_libraries; i++) {
        const char *name = service->service->libraries[i];
        const size_t len = strcspn(name, "?");
        fw_auto(free) char *bare = strndup(name, len);
        char *path = NULL;
        if (bare != NULL && fw_library_find(&user, bare, &path, NULL, err) != 0) {
            if (name[len] != '?') {
                return fw_error_prefix(err, "%s: ", service->entry->path);
            }
            path = strdup("");
        }
        if (fw_strings_take(list, path) != 0) {
            return fw_error_oom(err);
        }
    }
    return 0;
}
