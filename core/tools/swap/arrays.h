/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_ARRAYS_H
#define FW_SWAP_ARRAYS_H

#include "run/worker_internal.h"

/*
 * Arrow arrays that a stage has given away point into its code: a generation is not closed while
 * one is alive. They leave a stage through the services that take streams, fw.sql/1 and fw.table/1,
 * so what goes through these is counted, stream, schema and every array, of the generation that
 * worker->module is then. One worker in a process.
 */

/* First of all: the host's services are ours from here on. */
void fw_arrays_guard(struct fw_worker *worker);

/* Closes a generation that has no instance, now or, if arrays of it are alive, at a later call when
 * none are. Returns how many generations wait for that. */
size_t fw_generation_close(struct fw_module *module);

#endif
