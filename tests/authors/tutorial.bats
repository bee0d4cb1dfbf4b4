#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# docs/tutorial: every command of it, against an installed tree.
load lib.bash

setup_file() {
    install_moved
}

@test "the tutorial leads from nothing to examples/first_stage" {
    use_installed
    "$FWRUN_PYTHON" "$FWRUN_SOURCE_ROOT/tests/authors/run_doc.py" \
        "$FWRUN_SOURCE_ROOT/docs/tutorial/first-plugin.md" >doc.log 2>&1 || failed "$(cat doc.log)"
    diff -r -x b -x runs first_stage "$FWRUN_SOURCE_ROOT/examples/first_stage"
}

@test "a command that fails and an output that does not come are told" {
    printf '```sh\necho a\n```\n```text\nb\n```\n' >page.md
    run "$FWRUN_PYTHON" "$FWRUN_SOURCE_ROOT/tests/authors/run_doc.py" page.md
    [ "$status" -eq 1 ]
    [[ $output == *'does not say: b'* ]]
    printf '```sh\nfalse\necho a\n```\n' >page.md
    run "$FWRUN_PYTHON" "$FWRUN_SOURCE_ROOT/tests/authors/run_doc.py" page.md
    [ "$status" -eq 1 ]
}
