/* SPDX-License-Identifier: MIT */
#ifndef FW_MACROS_H
#define FW_MACROS_H

/**
 * Small macros that the other headers are written with. Nothing here allocates, calls or
 * hides control flow.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#    define FW_BEGIN_DECLS               extern "C" {
#    define FW_END_DECLS                 }
#    define FW_STATIC_ASSERT(cond, text) static_assert(cond, text)
#else
#    define FW_BEGIN_DECLS
#    define FW_END_DECLS
#    define FW_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#endif

/** Makes a symbol visible outside its shared object; plugins are built with hidden visibility. */
#define FW_EXPORT __attribute__((visibility("default")))

/** Number of elements of a real array (not of a pointer). */
#define FW_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/**
 * Whether the optional pointer member `member` of `*ptr` may be used: it lies inside the size
 * that the writer declared, and it is not NULL. The only legal way to read a member that was
 * appended in a later minor version. `type` is spelled out so that the header stays ISO C.
 */
#define FW_HAS(ptr, type, member)                                                                  \
    ((ptr) != NULL && FW_HAS_FIELD(ptr, type, member) && (ptr)->member != NULL)

/** The same for a member that is no pointer: only the declared size is looked at. */
#define FW_HAS_FIELD(ptr, type, member)                                                            \
    ((ptr)->struct_size >= offsetof(type, member) + sizeof((ptr)->member))

/**
 * Asserts that `type` ends with `last`: with tail padding an old object would seem to contain
 * a member appended later, because the struct would not grow.
 */
#define FW_ASSERT_NO_TAIL(type, last)                                                              \
    FW_STATIC_ASSERT(sizeof(type) == offsetof(type, last) + sizeof(((type *)0)->last),             \
                     #type " has tail padding: add an explicit reserved member")

#endif
