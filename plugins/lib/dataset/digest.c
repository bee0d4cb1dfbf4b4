/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/internal.h"
#include "sql/fault.h"
#include "sql/text.h"

/* Values are hashed as they lie: the house's machines are little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "digests would differ");

static void describe(const struct fw_dataset *set, struct fw_text *text)
{
    const struct fw_dataset_info *info = &set->info;

    fw_text_appendf(text,
                    "fw.dataset/1 %" PRIu64 "x%" PRIu64 "x%" PRIu64 " n=%" PRIu64
                    " classes=%" PRIu32 " %s %.17g\n",
                    info->channels, info->rows, info->cols, info->n_samples, info->n_classes,
                    set->bytes != NULL ? "u1" : "f4", info->raw_scale);
    for (uint64_t i = 0; i < info->n_scales; i++) {
        fw_text_appendf(text, "%.17g %.17g %s\n", info->means[i], info->deviations[i],
                        set->columns != NULL ? set->columns[i] : "");
    }
    for (size_t i = 0; i < FW_DATASET_PARTS; i++) {
        fw_text_appendf(text, "%s %" PRIu64 "\n", fw_dataset_part_names[i], set->n_parts[i]);
    }
}

static bool add_values(const struct fw_dataset *set, EVP_MD_CTX *hash)
{
    const uint64_t n = set->info.n_samples;
    bool good = set->bytes != NULL
                    ? EVP_DigestUpdate(hash, set->bytes, set->n_values)
                    : EVP_DigestUpdate(hash, set->floats, set->n_values * sizeof(float));

    if (set->begins != NULL) {
        good = good && EVP_DigestUpdate(hash, set->begins, n * sizeof *set->begins);
    }
    good = good && EVP_DigestUpdate(hash, set->labels, n * sizeof *set->labels);
    for (size_t i = 0; i < FW_DATASET_PARTS; i++) {
        good = good && EVP_DigestUpdate(hash, set->parts[i], set->n_parts[i] * sizeof(uint32_t));
    }
    return good;
}

fw_status fw_dataset_digest(const struct fw_dataset *set, char ret_hex[FW_DATASET_DIGEST])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    struct fw_text text = {0};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();

    describe(set, &text);
    bool good = hash != NULL && !text.failed && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) &&
                EVP_DigestUpdate(hash, text.data, text.size) && add_values(set, hash) &&
                EVP_DigestFinal_ex(hash, digest, &size);
    for (unsigned i = 0; good && i < size; i++) {
        snprintf(ret_hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    }
    EVP_MD_CTX_free(hash);
    fw_text_finish(&text);
    return good ? FW_OK : fw_fault_nomem(set->host);
}
