/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_ONNX_RUNTIME_H
#define PREDICTOR_ONNX_RUNTIME_H

#include <fw/host.h>

/*
 * ONNX Runtime, opened at run time. Of its table of functions the slots that are used here, in the
 * order of their numbers; version 13 of the table has them all, and every library since 1.13 gives
 * that. A status that is not NULL is a failure and must be released. All handles are opaque.
 */
struct ort_api {
    int (*error_code)(const void *status);
    const char *(*error_message)(const void *status);
    void *(*create_env)(int log_level, const char *log_id, void **ret_env);
    void *(*create_session)(void *env, const char *path, const void *options, void **ret_session);
    void *(*run)(void *session, const void *run_options, const char *const *input_names,
                 void *const *inputs, size_t n_inputs, const char *const *output_names,
                 size_t n_outputs, void **outputs);
    void *(*create_options)(void **ret_options);
    void *(*set_log_level)(void *options, int level);
    void *(*set_intra_threads)(void *options, int n);
    void *(*set_inter_threads)(void *options, int n);
    void *(*input_count)(const void *session, size_t *ret_n);
    void *(*output_count)(const void *session, size_t *ret_n);
    void *(*input_type)(const void *session, size_t index, void **ret_type);
    void *(*output_type)(const void *session, size_t index, void **ret_type);
    void *(*input_name)(const void *session, size_t index, void *allocator, char **ret_name);
    void *(*output_name)(const void *session, size_t index, void *allocator, char **ret_name);
    void *(*borrow_tensor)(const void *memory, void *data, size_t bytes, const int64_t *shape,
                           size_t rank, int element, void **ret_value);
    void *(*is_tensor)(const void *value, int *ret_yes);
    void *(*tensor_data)(void *value, void **ret_data);
    void *(*type_as_tensor)(const void *type, const void **ret_info); /* NULL: it is no tensor */
    void *(*element_type)(const void *info, int *ret_element);
    void *(*rank)(const void *info, size_t *ret_rank);
    void *(*shape)(const void *info, int64_t *ret_shape, size_t rank);
    void *(*tensor_info)(const void *value, void **ret_info);
    void *(*cpu_memory)(int allocator_type, int memory_type, void **ret_memory);
    void *(*allocator_free)(void *allocator, void *memory);
    void *(*default_allocator)(void **ret_allocator); /* the library's, never released */
    void (*release_env)(void *env);
    void (*release_status)(void *status);
    void (*release_memory)(void *memory);
    void (*release_session)(void *session);
    void (*release_value)(void *value);
    void (*release_type)(void *type);
    void (*release_info)(void *info);
    void (*release_options)(void *options);
    void *(*add_config)(void *options, const char *key, const char *value);
};

/* One for the process, shared by its models. */
struct ort_runtime {
    struct ort_api api;
    void *env;
    char version[32];
};

/* FW_E_MISSING with the way to get it when the library is nowhere. Each open needs a close. */
fw_status ort_runtime_open(const struct fw_host *host, const struct ort_runtime **ret_runtime);
void ort_runtime_close(void);

/* FW_OK for NULL; else records what the library says of `what` in `where` (may be NULL), releases
 * the status and returns its class. */
fw_status ort_check(const struct fw_host *host, const struct ort_api *api, void *status,
                    const char *what, const char *where);

#endif
