#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each lint passes a small clean tree and fails it after one violation is put in, naming the line.

setup() {
    lints=$(dirname "$BATS_TEST_FILENAME")
    tree=$BATS_TEST_TMPDIR/tree
    build=$tree/build
    mkdir -p "$tree"/{sdk/include/fw,core/config,core/plugin,plugins/{duckdb,daily,lib/delta},build/plugins}
    cd "$tree"
    cp "$lints/../../.clang-format" .
    source_file sdk/include/fw/sdk.h '#include <stdint.h>'
    source_file core/config/read.c '#include <libconfig.h>' '' '#include "fw/sdk.h"'
    source_file core/plugin/load.c '#include <dlfcn.h>' '#include <ltdl.h>'
    source_file plugins/daily/daily.c '#include "delta/log.h"' '#include "fw/sdk.h"'
    source_file plugins/daily/daily.h
    source_file plugins/lib/delta/log.h '#include <stdbool.h>'
    source_file plugins/duckdb/open.c '#define DUCKDB_API_NO_DEPRECATED' '#include <duckdb.h>'
    source_file plugins/duckdb/stream.c '#include <duckdb.h>'
}

source_file() { # FILE LINE...
    local file=$1
    shift
    printf '%s\n' '/* SPDX-License-Identifier: MIT */' "$@" >"$file"
}

clean() { # LINT
    run "$lints/$1.sh" "$tree" "$build"
    [ "$status" -eq 0 ] || { echo "$output" && return 1; }
    [[ $output == "$1: clean, "* ]]
}

refuses() { # LINT FILE:LINE WORDS
    run "$lints/$1.sh" "$tree" "$build"
    [ "$status" -eq 1 ] || { echo "status $status: $output" && return 1; }
    grep -F -- "$2: " <<<"$output" | grep -F -- "$3" || { echo "$output" && return 1; }
}

# --- floors

@test "floors: passes a tree whose includes point down" {
    clean floors
}

@test "floors: refuses an SDK header that includes more than the ground" {
    source_file sdk/include/fw/stage.h '#include <stdio.h>'
    refuses floors sdk/include/fw/stage.h:2 'an SDK header includes <stdio.h>'
}

@test "floors: refuses a core file that includes a plugin" {
    source_file core/config/read.c '#include "daily/daily.h"'
    refuses floors core/config/read.c:2 'the core includes a plugin'
}

@test "floors: refuses a plugin that includes the core, by any spelling" {
    source_file core/config/config.h
    source_file plugins/daily/daily.c '' '#include "../../core/config/config.h"'
    refuses floors plugins/daily/daily.c:3 'a plugin includes the core'
    source_file plugins/daily/daily.c '#include "config/config.h"'
    refuses floors plugins/daily/daily.c:2 'a plugin includes the core'
}

@test "floors: refuses a plugin that includes another plugin, and a shared library that does" {
    source_file plugins/duckdb/open.h
    source_file plugins/daily/daily.c '#include "../duckdb/open.h"'
    refuses floors plugins/daily/daily.c:2 'a plugin includes another plugin'
    source_file plugins/lib/delta/log.h '#include "daily/daily.h"'
    refuses floors plugins/lib/delta/log.h:2 'a shared library includes a plugin'
}

@test "floors: refuses a room of core that includes one above it, and passes the reverse" {
    source_file core/plugin/load.h
    source_file core/config/config.h '#include "plugin/load.h"'
    refuses floors core/config/config.h:2 'core/config/ includes the room above it'
    source_file core/config/config.h
    source_file core/plugin/load.h '#include "config/config.h"'
    clean floors
}

@test "floors: refuses a second includer of libconfig.h in core" {
    source_file core/config/write.c '#include <libconfig.h>'
    refuses floors core/config/write.c:2 'one of 2 includes of <libconfig.h>'
}

@test "floors: refuses dlfcn.h and ltdl.h in different files" {
    source_file core/plugin/load.c '#include <dlfcn.h>'
    source_file core/plugin/confirm.c '#include <ltdl.h>'
    refuses floors core/plugin/confirm.c:2 'core/plugin/load.c'
}

@test "floors: refuses duckdb.h outside its plugin" {
    source_file plugins/daily/daily.c '#include <duckdb.h>'
    refuses floors plugins/daily/daily.c:2 'outside plugins/duckdb/'
}

# --- sizes

@test "sizes: passes small files and functions" {
    clean sizes
}

@test "sizes: refuses a file of 601 lines" {
    source_file core/config/read.c
    yes '' | head -n 600 >>core/config/read.c
    refuses sizes core/config/read.c:600 '601 lines'
}

@test "sizes: refuses an SDK header of 151 lines" {
    yes '' | head -n 150 >>sdk/include/fw/sdk.h
    refuses sizes sdk/include/fw/sdk.h:150 'an SDK header has at most 150'
}

@test "sizes: refuses a function of 61 lines and passes one of 60" {
    function_of() { echo 'int f(void)' && echo '{' && yes '    ;' | head -n $(($1 - 3)) && echo '}'; }
    function_of 60 >core/config/read.c
    clean sizes
    function_of 61 >core/config/read.c
    refuses sizes core/config/read.c:1 'f has 61 lines'
}

@test "sizes: refuses seven parameters and counts a callback's as one" {
    source_file core/config/read.c 'int f(int a, int b, int c, int d, int e, int (*g)(int, int))' '{' '}'
    clean sizes
    source_file core/config/read.c 'int f(int a, int b, int c, int d, int e, int g, int h)' '{' '}'
    refuses sizes core/config/read.c:2 'f takes 7 parameters'
}

@test "sizes: refuses an engine of 5,001 statements; comments, strings and tools do not count" {
    mkdir -p core/tools/bench
    for part in 1 2 3 4 5 6 7 8 9; do
        yes 'int x; /* said; */' | head -n 550 >core/config/part$part.c
        yes 'int x;' | head -n 550 >core/tools/bench/part$part.c
    done
    yes 'char *s = ";;";' | head -n 50 >core/config/last.c
    clean sizes # 4950 and 50
    echo 'int y;' >>core/config/last.c
    refuses sizes core:1 'the engine has 5001 statements'
}

# --- symbols

plugin() { # NAME C-TEXT CC-OPTION...
    mkdir -p "build/plugins/$1"
    gcc -shared -fPIC -x c -o "build/plugins/$1/$1.so" - "${@:3}" <<<"$2"
}

@test "symbols: passes a plugin that exports its descriptor alone" {
    plugin daily 'const int fw_plugin_v1 = 1; static int work(void) { return 1; } int (*const hidden)(void) __attribute__((visibility("hidden"))) = work;'
    clean symbols
}

@test "symbols: refuses a second exported symbol" {
    plugin daily 'const int fw_plugin_v1 = 1; int leaked(void) { return 1; }'
    refuses symbols "$build/plugins/daily/daily.so:1" "exports 'fw_plugin_v1 leaked'"
}

@test "symbols: refuses a constructor and a destructor" {
    plugin daily 'const int fw_plugin_v1 = 1; __attribute__((constructor)) static void early(void) {}'
    refuses symbols "$build/plugins/daily/daily.so:1" '.init_array holds code'
    plugin daily 'const int fw_plugin_v1 = 1; __attribute__((destructor)) static void late(void) {}'
    refuses symbols "$build/plugins/daily/daily.so:1" '.fini_array holds code'
}

@test "symbols: refuses text relocations" {
    [ "$(uname -m)" = x86_64 ] || skip "the assembler text is for x86_64"
    plugin daily 'const int fw_plugin_v1 = 1; __asm__(".text\n.quad fw_plugin_v1\n");' -Wl,-z,notext
    refuses symbols "$build/plugins/daily/daily.so:1" 'text relocations'
}

@test "symbols: refuses a build without plugins" {
    refuses symbols "$build/plugins:1" 'holds no plugin'
}

# --- format, deprecated, hygiene, shell

@test "format: passes what the formatter writes and refuses the rest" {
    run "$lints/format.sh" "$tree"
    [ "$status" -ne 77 ] || skip "$output"
    source_file plugins/duckdb/open.c 'int f(void)' '{' '    return 1;' '}'
    clean format
    source_file plugins/duckdb/open.c 'int f(void)' '{' '  return 1;' '}'
    refuses format plugins/duckdb/open.c:3 'not as the formatter writes it'
}

commands() { # the compile database of FILE:OPTION...
    jq -nc '[$ARGS.positional[] | split(":") | {file: ("../" + .[0]), command: ("cc " + .[1])}]' --args "$@" \
        >build/compile_commands.json
}

@test "deprecated: passes one file that sees DuckDB's deprecated calls and refuses two" {
    commands plugins/duckdb/open.c: plugins/duckdb/stream.c:
    clean deprecated
    source_file plugins/duckdb/open.c '#include <duckdb.h>'
    refuses deprecated plugins/duckdb/open.c:1 'one of 2 files'
    commands plugins/duckdb/open.c:-DDUCKDB_API_NO_DEPRECATED plugins/duckdb/stream.c:
    clean deprecated
    source_file plugins/duckdb/open.c '#undef DUCKDB_API_NO_DEPRECATED' '#include <duckdb.h>'
    refuses deprecated plugins/duckdb/stream.c:1 'one of 2 files'
}

@test "hygiene: passes a clean tree" {
    clean hygiene
}

@test "hygiene: refuses tabs, trailing blanks, carriage returns and an open last line" {
    source_file core/config/read.c $'\tint x;' 'int y; ' $'int z;\r'
    printf 'int last;' >>core/config/read.c
    refuses hygiene core/config/read.c:2 'a tab'
    refuses hygiene core/config/read.c:3 'trailing blanks'
    refuses hygiene core/config/read.c:4 'a carriage return'
    refuses hygiene core/config/read.c:4 'the last line has no end'
}

@test "hygiene: refuses invisible characters" {
    source_file core/config/read.c $'int x\u200b;' $'/* \u202e */'
    refuses hygiene core/config/read.c:2 'an invisible character'
    refuses hygiene core/config/read.c:3 'an invisible character'
}

@test "hygiene: refuses a file without its licence line" {
    echo 'int x;' >core/config/read.c
    refuses hygiene core/config/read.c:1 'does not name its licence'
    mkdir scripts
    printf '%s\n' '#!/bin/sh' 'true' >scripts/go
    refuses hygiene scripts/go:2 'does not name its licence'
}

@test "hygiene: refuses machine paths and words for what is owed" {
    source_file core/config/read.c "/* see /ho""me/someone/x */" "/* TO""DO */" "/* X""XX */" 'mkdtemp("a-XXXXXX");'
    refuses hygiene core/config/read.c:2 "a path of somebody's machine"
    refuses hygiene core/config/read.c:3 'something owed'
    refuses hygiene core/config/read.c:4 'something owed'
    ! grep -F read.c:5 <<<"$output"
}

@test "shell: passes a sound script and refuses an unquoted expansion gone wrong" {
    run "$lints/shell.sh" "$tree"
    [ "$status" -ne 77 ] || skip "$output"
    printf '%s\n' '#!/bin/sh' '# SPDX' 'cd "$1" || exit 1' >go.sh
    clean shell
    printf '%s\n' '#!/bin/sh' '# SPDX' 'cd "$1"' >go.sh
    refuses shell go.sh:3 'cd ... ||'
}
