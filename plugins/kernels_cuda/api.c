/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <fw/plugin.h>

#include "libraries.h"

static const char *const driver_names[] = {LIBRARIES_DRIVER, NULL};
static const char *const blas_names[] = {LIBRARIES_BLAS, NULL};
static const char *const fft_names[] = {LIBRARIES_FFT, NULL};
static const char *const dnn_names[] = {LIBRARIES_DNN, NULL};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cuda_api api;
static bool is_open;

/* The first of a library's names that there is. */
static void *open_library(const char *const *names, char *ret_reason, size_t reason_size)
{
    void *library = NULL;
    const char *text = NULL;

    for (int i = 0; names[i] != NULL && library == NULL; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(names[i], "?"), names[i]);
        library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        text = library == NULL && text == NULL ? dlerror() : text;
    }
    if (library == NULL) {
        (void)snprintf(ret_reason, reason_size, "%s", text != NULL ? text : "not found");
    }
    return library;
}

/* A function's address into its member: ISO C has no cast between the two. */
static bool find(void *library, const char *name, void *ret_function, char *ret_reason,
                 size_t reason_size)
{
    void *address = dlsym(library, name);

    if (address == NULL) {
        (void)snprintf(ret_reason, reason_size, "no function %s in it", name);
        return false;
    }
    memcpy(ret_function, &address, sizeof address);
    return true;
}

#define FIND(name, parameters)                                                                     \
    if (!find(library, #name, &found->name, ret_reason, reason_size)) {                            \
        return false;                                                                              \
    }

static bool open_driver(struct cuda_api *found, char *ret_reason, size_t reason_size)
{
    void *library = open_library(driver_names, ret_reason, reason_size);

    if (library == NULL) {
        return false;
    }
    CUDA_DRIVER(FIND)
    return true;
}

static bool open_blas(struct cuda_api *found, char *ret_reason, size_t reason_size)
{
    void *library = open_library(blas_names, ret_reason, reason_size);

    if (library == NULL) {
        return false;
    }
    CUDA_BLAS(FIND)
    return true;
}

static bool open_fft(struct cuda_api *found, char *ret_reason, size_t reason_size)
{
    void *library = open_library(fft_names, ret_reason, reason_size);

    if (library == NULL) {
        return false;
    }
    CUDA_FFT(FIND)
    return true;
}

static bool open_dnn(struct cuda_api *found, char *ret_reason, size_t reason_size)
{
    void *library = open_library(dnn_names, ret_reason, reason_size);

    if (library == NULL) {
        return false;
    }
    CUDA_DNN(FIND)
    FIND(cudnnGetVersion, )
    return true;
}

static bool no_device(const struct cuda_api *found, char *ret_reason, size_t reason_size)
{
    const char *text = NULL;
    int count = 0, result = found->cuInit(0);

    result = result == 0 ? found->cuDeviceGetCount(&count) : result;
    if (result != 0) {
        (void)found->cuGetErrorString(result, &text);
        (void)snprintf(ret_reason, reason_size, "the driver says: %s",
                       text != NULL ? text : "unknown error");
    } else if (count == 0) {
        (void)snprintf(ret_reason, reason_size, "the driver has none");
    }
    return result != 0 || count == 0;
}

/* The libraries are large: they are not looked at before a device has been found. */
static bool open_all(struct cuda_api *found, char *ret_reason, size_t reason_size)
{
    static const struct {
        const char *name;
        bool (*open)(struct cuda_api *found, char *ret_reason, size_t reason_size);
    } parts[] = {{"the driver", open_driver}, {"cuBLAS", open_blas}, {"cuFFT", open_fft}};
    char text[192] = "";

    for (size_t i = 0; i < FW_COUNT(parts); i++) {
        if (!parts[i].open(found, text, sizeof text)) {
            (void)snprintf(ret_reason, reason_size, "%s cannot be used: %s", parts[i].name, text);
            return false;
        }
        if (i == 0 && no_device(found, ret_reason, reason_size)) {
            return false;
        }
    }
    found->has_dnn = open_dnn(found, text, sizeof text);
    return true;
}

const struct cuda_api *cuda_api_open(char *ret_reason, size_t reason_size)
{
    struct cuda_api found = {0};

    (void)pthread_mutex_lock(&lock);
    if (!is_open && open_all(&found, ret_reason, reason_size)) {
        api = found;
        is_open = true;
    }
    (void)pthread_mutex_unlock(&lock);
    return is_open ? &api : NULL;
}
