/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_CLEANUP_H
#define FW_CORE_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Temporaries that release themselves when they leave their scope:
 *     fw_auto(free) char *text = NULL;
 * fw_steal hands such a thing over: `*ret_text = fw_steal(&text);`
 * The closers here are for reading, where close cannot lose data; a writer closes by hand and
 * looks at the result.
 */
#define fw_auto(how) __attribute__((cleanup(fw_cleanup_##how)))

static inline void fw_cleanup_free(void *pointer)
{
    void *memory;
    memcpy(&memory, pointer, sizeof memory);
    free(memory);
}

static inline void fw_cleanup_fclose(FILE **file)
{
    if (*file) {
        fclose(*file);
    }
}

static inline void fw_cleanup_close(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

static inline void fw_cleanup_closedir(DIR **dir)
{
    if (*dir) {
        closedir(*dir);
    }
}

/* `pointer` is the address of a pointer of any type, which becomes NULL. */
static inline void *fw_steal(void *pointer)
{
    void *memory;
    void *nothing = NULL;
    memcpy(&memory, pointer, sizeof memory);
    memcpy(pointer, &nothing, sizeof nothing);
    return memory;
}

#endif
