#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# fwrun new-plugin: from nothing to a stage that has run, without an edit.
load lib.bash

setup_file() {
    install_moved
}

works_at_once() { # LANG KIND
    local name=my_$2 began=$SECONDS
    fwrun new-plugin "$name" --lang "$1" --kind "$2" >out 2>err || failed "exit $?"
    says out "cd $name" 'meson test -C b'
    cd "$name"
    build_project
    fwrun sample.cfg --plugin-dir b >out 2>err || failed "exit $?"
    says err '1 executed, 0 reused, 0 failed'
    fwrun sample.cfg --plugin-dir b >out 2>err || failed "exit $?"
    says err '0 executed, 1 reused, 0 failed'
    [ "$(nm -D --defined-only "b/$name.so" | awk '{ print $NF }')" = fw_plugin_v1 ]
    fwrun inspect "$name" --plugin-dir b >out 2>err || failed "exit $?"
    says out "stage $name" "org.example.$name"
    fwrun check-plugin "b/$name.so" >out 2>err || failed "exit $?"
    says out ': 0 findings'
    echo "# $1 $2: $((SECONDS - began)) s" >&3
}

@test "a stage in C over rows" {
    use_installed
    works_at_once c table
}

@test "a stage in C over bytes" {
    use_installed
    works_at_once c file
    [ "$(cat runs/my_file_sample/stages/my_file/my_file.txt)" = $'banana\nmango\norange' ]
    jq -e '.lines_kept == 3' runs/my_file_sample/stages/my_file/MANIFEST.json
}

@test "a stage in C over a query" {
    use_installed
    works_at_once c sql
    jq -e '.outputs[] | select(.port == "out") | .rows == 3' runs/my_sql_sample/stages/my_sql/MANIFEST.json
}

@test "a stage in C++ over rows, against the build tree" {
    use_built
    works_at_once c++ table
}

@test "a stage in C++ over bytes, against the build tree" {
    use_built
    works_at_once c++ file
    [ "$(cat runs/my_file_sample/stages/my_file/my_file.txt)" = $'banana\nmango\norange' ]
}

@test "a stage in C++ over a query" {
    use_installed
    works_at_once c++ sql
}

watches_at_once() { # LANG
    local metrics=runs/my_watch_sample/stages/train/metrics.jsonl
    fwrun new-plugin my_watch --lang "$1" --kind callback >out 2>err || failed "exit $?"
    says out 'cd my_watch' 'fwrun sample.cfg --plugin-dir b'
    cd my_watch
    build_project
    fwrun sample.cfg --plugin-dir b >out 2>err || failed "exit $?"
    says err '1 executed, 0 reused, 0 failed'
    jq -se '[.[].metrics | select(has("my_watch/mean"))] | length == 48' "$metrics"
    jq -se '[.[].metrics | select(has("my_watch/largest_gradient"))] | length == 12' "$metrics"
    jq -se '[.[] | .metrics | keys[]] | any(startswith("undeclared/")) | not' "$metrics"
    fwrun sample.cfg --plugin-dir b >out 2>err || failed "exit $?"
    says err '0 executed, 1 reused, 0 failed'
    [ "$(nm -D --defined-only b/my_watch.so | awk '{ print $NF }')" = fw_plugin_v1 ]
    fwrun check-plugin b/my_watch.so >out 2>err || failed "exit $?"
    says out ': 0 findings'
    fwrun inspect org.example.my_watch --plugin-dir b >out 2>err || failed "exit $?"
    says out 'callback my_watch' 'saved and restored'
    fw 6 new-plugin my_watch --kind callback --plugin-dir b
    says err 'a callback "my_watch" is there already, in '
}

@test "a callback in C" {
    use_installed
    watches_at_once c
}

@test "a callback in C++, against the build tree" {
    use_built
    watches_at_once c++
}

@test "what is installed is found without --plugin-dir" {
    use_installed
    fwrun new-plugin found_again --kind file >out
    cd found_again
    build_project
    meson install -C b --quiet
    fwrun sample.cfg >out 2>err || failed "exit $?"
    says err "plugin $(dirname "$pc")/fwrun/v1/found_again.so"
    rm "$(dirname "$pc")/fwrun/v1/found_again.so"
}

@test "names are checked before anything is written" {
    use_built
    fw 2 new-plugin Daily
    says err '"Daily" cannot be the name of a stage' 'a letter first'
    fw 2 new-plugin 9lives
    fw 2 new-plugin ''
    fw 2 new-plugin ../x
    fw 2 new-plugin "$(printf 'x%.0s' {1..41})"
    says err 'at most 40'
    fw 2 new-plugin test
    says err 'take another name, for example test_stage'
    fw 6 new-plugin daily
    says err 'a stage "daily" is there already, in ' 'my_daily'
    fw 6 new-plugin t_copy --plugin-dir "$good"
    [ -z "$(find . -mindepth 1 ! -name out ! -name err)" ]
}

@test "what is there already stays as it is" {
    use_built
    mkdir mine
    echo kept >mine/file
    fw 6 new-plugin mine
    says err 'mine is there already'
    [ "$(find mine -type f)" = mine/file ]
    ln -s nowhere dangling
    fw 6 new-plugin dangling
}

@test "half a project is none" {
    disk 16k
    cd disk
    use_built
    fw 12 new-plugin too_big
    [ ! -e too_big ]
}

@test "options are checked, and near misses named" {
    use_built
    fw 2 new-plugin x --lang rust
    says err '--lang rust: expected one of c|c++'
    fw 2 new-plugin x --kind tables
    says err '--kind tables: expected one of table|file|sql|callback'
    fw 2 new-plugin x --knd sql
    says err 'did you mean --kind?'
    fw 2 new-plugin
    fw 2 new-plugin a b
    fw 2 new-plugin x --kind
    fw 0 new-plugin --help
    says out 'usage: fwrun new-plugin NAME'
    [ ! -e x ]
}

@test "--json says what was made" {
    use_built
    fw 0 new-plugin y --kind table --json
    jq -e '.folder == "y" and (.files | contains(["y.c", "extend.h", ".gitignore"]))' out
    jq -e --arg pc "$FWRUN_BUILD_ROOT/meson-uninstalled" '.pkg_config_path == $pc' out
    [ "$(jq '.files | length' out)" = "$(find y -type f | wc -l)" ]
}
