/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

bool fw_wide_is_single(const struct fw_wide_output *output)
{
    static const char ending[] = ".parquet";
    size_t size = strlen(output->to->name);

    return size >= sizeof ending - 1 &&
           strcmp(output->to->name + size - (sizeof ending - 1), ending) == 0;
}

/*
 * What a checkpoint refers to lies beside the outputs: the temporary folder of the host does not
 * outlive a restart.
 */
void wide_place_parts(const struct fw_wide *wide, size_t output, struct fw_text *path)
{
    const struct fw_wide_output *to = &wide->plan.outputs[output];

    fw_text_append(path, to->to->path);
    fw_text_append(path, fw_wide_is_single(to) ? ".parts" : "");
}

void wide_place_part(const struct fw_wide *wide, size_t part, size_t output, struct fw_text *path)
{
    wide_place_parts(wide, output, path);
    fw_text_appendf(path, "/part-%05zu.parquet", part);
}

void wide_place_spread(const struct fw_wide *wide, struct fw_text *path)
{
    fw_text_appendf(path, "%s.spread", wide->plan.outputs[0].to->path);
}

static fw_status fail(const struct fw_host *host, const char *path, const char *what)
{
    fw_status status = errno == ENOSPC || errno == EDQUOT ? FW_E_NOSPACE : FW_E_IO;

    return fw_faultf(host, status, path, NULL, "%s: %s", what, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

fw_status fw_wide_remove_folder(const struct fw_host *host, const char *path)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 && errno != ENOENT) {
        return fail(host, path, "cannot remove a folder of temporary files");
    }
    return FW_OK;
}

fw_status fw_wide_make_folder(const struct fw_host *host, const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? FW_OK
                                                     : fail(host, path, "cannot make a folder");
}

/* Takes the path's text. */
static fw_status with_path(const struct fw_wide *wide, struct fw_text *path,
                           fw_status (*act)(const struct fw_host *, const char *))
{
    fw_status status =
        path->failed ? fw_fault_nomem(wide->host) : act(wide->host, fw_text_get(path));

    fw_text_finish(path);
    return status;
}

fw_status wide_place_remove_spread(const struct fw_wide *wide)
{
    struct fw_text path = {0};

    wide_place_spread(wide, &path);
    return with_path(wide, &path, fw_wide_remove_folder);
}

fw_status wide_place_remove_parts(const struct fw_wide *wide, size_t output)
{
    struct fw_text path = {0};

    wide_place_parts(wide, output, &path);
    return with_path(wide, &path, fw_wide_remove_folder);
}

fw_status wide_place_prepare(const struct fw_wide *wide)
{
    struct fw_text path = {0};
    fw_status status = wide_place_remove_spread(wide);

    if (status == FW_OK) {
        wide_place_spread(wide, &path);
        status = with_path(wide, &path, fw_wide_make_folder);
    }
    for (size_t i = 0; i < wide->plan.n_outputs && status == FW_OK; i++) {
        status = wide_place_remove_parts(wide, i);
        if (status == FW_OK) {
            wide_place_parts(wide, i, &path);
            status = with_path(wide, &path, fw_wide_make_folder);
        }
    }
    return status;
}

static bool digest_file(int fd, EVP_MD_CTX *context, unsigned char *digest, int64_t *ret_bytes)
{
    static const size_t buffer_size = 1 << 18;
    unsigned char *buffer = malloc(buffer_size);
    int64_t bytes = 0;
    ssize_t n = -1;

    if (buffer != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1) {
        while ((n = read(fd, buffer, buffer_size)) > 0) {
            bytes += n;
            if (EVP_DigestUpdate(context, buffer, (size_t)n) != 1) {
                n = -1;
                break;
            }
        }
    }
    free(buffer);
    *ret_bytes = bytes;
    return n == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

fw_status wide_place_measure(const struct fw_host *host, const char *path,
                             struct wide_file *ret_file)
{
    unsigned char digest[32];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && context != NULL && digest_file(fd, context, digest, &ret_file->n_bytes);
    fw_status status = done ? FW_OK : fail(host, path, "cannot read back what was written");

    if (fd >= 0) {
        close(fd);
    }
    EVP_MD_CTX_free(context);
    for (size_t i = 0; done && i < sizeof digest; i++) {
        snprintf(ret_file->digest + 2 * i, 3, "%02x", digest[i]);
    }
    return status;
}

fw_status fw_wide_append_digest(const struct fw_host *host, const char *path, struct fw_text *text)
{
    struct wide_file file = {0};
    fw_status status = wide_place_measure(host, path, &file);

    fw_text_appendf(text, "%" PRId64 " %s\n", file.n_bytes, file.digest);
    return status;
}
