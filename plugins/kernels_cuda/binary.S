/* SPDX-License-Identifier: MIT */
/* The kernels' machine code as data: nvcc would register it in a constructor, and a plugin has
 * none. KERNELS_BINARY is the path of the file. */
    .section .rodata
    .balign 64
    .globl fw_kernels_binary
    .hidden fw_kernels_binary
    .type fw_kernels_binary, %object
fw_kernels_binary:
    .incbin KERNELS_BINARY
    .size fw_kernels_binary, . - fw_kernels_binary
    .section .note.GNU-stack, "", %progbits
