#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/soak/kill.sh BUILD: the tests of kills and power cuts at fifty random moments each. FWRUN_TEST_SEED repeats an earlier run.
set -euo pipefail
build=$(cd "${1:?usage: tests/soak/kill.sh BUILD}" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
FWRUN=$build/fwrun FWRUN_SOURCE_ROOT=$root FWRUN_BUILD_ROOT=$build FWRUN_TEST_KILLS=${FWRUN_TEST_KILLS:-50} \
    FWRUN_PYTHON=${FWRUN_PYTHON:-/usr/bin/python3} bats "$root"/tests/e2e/{kill,power}.bats
