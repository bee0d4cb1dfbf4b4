/* SPDX-License-Identifier: MIT */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ltdl.h>
#include <pthread.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "plugin/descriptor.h"
#include "plugin/library.h"

/* libltdl's state is the process's, so one lock serves all loaders. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

struct fw_loader {
    char *folder;
    bool keep_loaded;
    unsigned generations;
    struct {
        struct fw_module **items; /* loaded until the loader is destroyed */
        size_t len, cap;
    } shared;
};

struct handles {
    void **items;
    size_t len, cap;
};

struct module {
    struct fw_module open; /* first: what callers see */
    char *path;
    char digest[FW_SHA256_TEXT];
    void *handle;
    lt_dlhandle ltdl;
    struct handles libraries; /* opened ahead, because they are found through $ORIGIN */
    bool keep_loaded;
};

int fw_loader_create(const char *folder, struct fw_loader **ret_loader, struct fw_error *err)
{
    FW_TRY(fw_fs_mkdirs(folder, err));
    struct fw_loader *loader = calloc(1, sizeof *loader);
    if (loader == NULL) {
        return fw_error_oom(err);
    }
    loader->keep_loaded = getenv("FWRUN_KEEP_LOADED") != NULL;
    loader->folder = strdup(folder);
    pthread_mutex_lock(&mutex);
    int rc = loader->folder == NULL ? fw_error_oom(err)
             : lt_dlinit() == 0     ? 0
                                    : fw_error_set(err, FW_EXIT_PLUGIN, "libltdl does not start");
    pthread_mutex_unlock(&mutex);
    if (rc == 0) {
        *ret_loader = loader;
    } else {
        free(loader->folder);
        free(loader);
    }
    return rc;
}

void fw_loader_destroy(struct fw_loader *loader)
{
    if (loader == NULL) {
        return;
    }
    while (loader->shared.len > 0) {
        fw_module_close(loader->shared.items[--loader->shared.len]);
    }
    free(loader->shared.items);
    pthread_mutex_lock(&mutex);
    if (!loader->keep_loaded) {
        lt_dlexit();
    }
    pthread_mutex_unlock(&mutex);
    free(loader->folder);
    free(loader);
}

static int copy_file(const char *from, const char *to, struct fw_error *err)
{
    fw_auto(close) int in = open(from, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (in < 0 || fstat(in, &st) != 0) {
        return fw_error_errno(err, FW_EXIT_PLUGIN, "cannot be opened");
    }
    const int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    ssize_t n = out < 0 ? -1 : 1;
    for (off_t done = 0; done < st.st_size && n > 0;) {
        n = sendfile(out, in, &done, (size_t)(st.st_size - done));
    }
    if ((out >= 0 && close(out) != 0) || n < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "copy %s", to);
    }
    return 0;
}

/* What the dynamic linker says begins with the name of a copy that the user never heard of. */
static int linker_error(const char *copy, struct fw_error *err)
{
    const char *text = dlerror();
    const size_t len = strlen(copy);
    const bool named = text != NULL && strncmp(text, copy, len) == 0 && text[len] == ':';
    return fw_error_set(err, FW_EXIT_PLUGIN, "%s",
                        text == NULL ? "the dynamic linker gives no reason"
                        : named      ? text + len + 2
                                     : text);
}

/* A copy lies in another folder, so $ORIGIN in its run path leads nowhere: libraries that are
 * found through it are opened ahead from where the original would find them. */
static int open_libraries(struct module *module, const struct fw_elf *elf, struct fw_error *err)
{
    if (elf->runpath == NULL || strstr(elf->runpath, "ORIGIN") == NULL) {
        return 0;
    }
    fw_auto(free) char *folder = fw_path_folder(module->path);
    if (folder == NULL) {
        return fw_error_oom(err);
    }
    const struct fw_library_user user = {.folder = folder, .runpath = elf->runpath};
    for (size_t i = 0; i < elf->needed.len; i++) {
        fw_auto(free) char *path = NULL;
        bool by_origin = false;
        if (fw_library_find(&user, elf->needed.items[i], &path, &by_origin, err) != 0) {
            return -1;
        }
        void **slot = by_origin ? fw_vec_add(&module->libraries) : NULL;
        if (by_origin && slot == NULL) {
            return fw_error_oom(err);
        }
        if (by_origin && (*slot = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL) {
            return linker_error(path, err);
        }
    }
    return 0;
}

/* libltdl gets what dlopen has taken. It alone would bind lazily and call every failure "file not
 * found", so it comes second and nothing is asked of it. */
static int open_ltdl(struct module *module, const char *file, struct fw_error *err)
{
    lt_dladvise advise;
    if (lt_dladvise_init(&advise) == 0) {
        if (lt_dladvise_local(&advise) == 0) {
            module->ltdl = lt_dlopenadvise(file, advise);
        }
        lt_dladvise_destroy(&advise);
    }
    return module->ltdl != NULL
               ? 0
               : fw_error_set(err, FW_EXIT_PLUGIN, "was loaded by dlopen but not by libltdl");
}

static int map(struct module *module, const struct fw_elf *elf, const char *file,
               struct fw_error *err)
{
    if (open_libraries(module, elf, err) != 0) {
        return -1;
    }
    module->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (module->handle == NULL) {
        return linker_error(file, err);
    }
    if (open_ltdl(module, file, err) != 0) {
        return -1;
    }
    module->open.plugin = dlsym(module->handle, "fw_plugin_v1");
    if (module->open.plugin == NULL) {
        return linker_error(file, err);
    }
    return fw_descriptor_same(module->open.plugin, elf, err);
}

/* Checks what is in `file`, and not what was in the original when somebody looked at it. The
 * content that was planned with has been found right then. */
static int check_and_map(struct module *module, const char *file, const char *digest,
                         struct fw_error *err)
{
    struct fw_elf elf;
    FW_TRY(fw_elf_read(file, &elf, err));
    int rc = digest == NULL ? fw_descriptor_check(&elf, err) : 0;
    if (digest != NULL && strcmp(digest, elf.digest) != 0) {
        rc = fw_error_set(err, FW_EXIT_PLUGIN,
                          "has changed since the run was planned: its digest is %s, expected %s; "
                          "run again",
                          elf.digest, digest);
    }
    memcpy(module->digest, elf.digest, sizeof elf.digest);
    if (rc == 0) {
        rc = map(module, &elf, file, err);
    }
    fw_elf_finish(&elf);
    return rc;
}

static int open_copy(struct fw_loader *loader, struct module *module, const char *digest,
                     struct fw_error *err)
{
    fw_auto(free) char *copy =
        fw_text("%s/%s-%u.so", loader->folder, digest ? digest : "plugin", module->open.generation);
    FW_TRY(copy != NULL ? 0 : fw_error_oom(err));
    int rc = copy_file(module->path, copy, err);
    if (rc == 0) {
        rc = check_and_map(module, copy, digest, err);
    }
    unlink(copy);
    return rc;
}

static void close_module(struct module *module)
{
    if (!module->keep_loaded) {
        if (module->ltdl != NULL) {
            lt_dlclose(module->ltdl);
        }
        if (module->handle != NULL) {
            dlclose(module->handle);
        }
        while (module->libraries.len > 0) {
            void *library = module->libraries.items[--module->libraries.len];
            if (library != NULL) {
                dlclose(library);
            }
        }
    }
    free(module->libraries.items);
    free(module->path);
    free(module);
}

static int open_module(struct fw_loader *loader, const char *path, const char *digest,
                       struct fw_module **ret_module, struct fw_error *err)
{
    struct module *module = calloc(1, sizeof *module);
    if (module == NULL || (module->path = fw_path_absolute(path)) == NULL) {
        free(module);
        return fw_error_oom(err);
    }
    module->keep_loaded = loader->keep_loaded;
    module->open.generation = ++loader->generations;
    const int rc = loader->keep_loaded ? check_and_map(module, module->path, digest, err)
                                       : open_copy(loader, module, digest, err);
    if (rc != 0) {
        fw_error_prefix(err, "%s: ", module->path);
        close_module(module);
        return -1;
    }
    module->open.path = module->path;
    module->open.digest = module->digest;
    *ret_module = &module->open;
    return 0;
}

int fw_loader_open(struct fw_loader *loader, const char *path, const char *digest,
                   struct fw_module **ret_module, struct fw_error *err)
{
    pthread_mutex_lock(&mutex);
    const int rc = open_module(loader, path, digest, ret_module, err);
    pthread_mutex_unlock(&mutex);
    return rc;
}

static int share(struct fw_loader *loader, const char *path, const char *digest,
                 struct fw_module **ret_module, struct fw_error *err)
{
    for (size_t i = 0; i < loader->shared.len; i++) {
        if (strcmp(loader->shared.items[i]->digest, digest) == 0 &&
            strcmp(loader->shared.items[i]->path, path) == 0) {
            *ret_module = loader->shared.items[i];
            return 0;
        }
    }
    struct fw_module **slot = fw_vec_add(&loader->shared);
    if (slot == NULL) {
        return fw_error_oom(err);
    }
    if (open_module(loader, path, digest, slot, err) != 0) {
        loader->shared.len--;
        return -1;
    }
    *ret_module = *slot;
    return 0;
}

int fw_loader_share(struct fw_loader *loader, const char *path, const char *digest,
                    struct fw_module **ret_module, struct fw_error *err)
{
    pthread_mutex_lock(&mutex);
    const int rc = share(loader, path, digest, ret_module, err);
    pthread_mutex_unlock(&mutex);
    return rc;
}

void fw_module_close(struct fw_module *module)
{
    pthread_mutex_lock(&mutex);
    if (module != NULL) {
        close_module((struct module *)(void *)module);
    }
    pthread_mutex_unlock(&mutex);
}

const struct fw_stage *fw_module_stage(const struct fw_module *module, const char *name)
{
    return fw_plugin_stage(module->plugin, name);
}

const struct fw_service *fw_module_service(const struct fw_module *module, const char *id)
{
    return fw_plugin_service(module->plugin, id);
}
