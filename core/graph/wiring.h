/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_GRAPH_WIRING_H
#define FW_CORE_GRAPH_WIRING_H

#include "graph/plan.h"

/*
 * The parts of building a plan that look at one stage's ports and services. Mistakes go to `diag`;
 * -1 only when out of memory.
 */

/* The outputs: declared ports at their default or configured place, and wildcard ports that `out`
 * names. */
int fw_wire_outputs(struct fw_plan *plan, size_t index, struct fw_diag *diag);

/* The wildcard outputs of all stages that inputs of other stages refer to. */
int fw_wire_wildcards(struct fw_plan *plan);

/* The inputs, once all stages have their outputs; adds to `needs`. */
int fw_wire_inputs(struct fw_plan *plan, size_t index, struct fw_diag *diag);

/* The plugins that provide the services which the stage asks for. */
int fw_wire_services(struct fw_plan *plan, size_t index, struct fw_diag *diag);

/* Whether the host itself gives a service. */
bool fw_wire_is_host_service(const char *id);

#endif
