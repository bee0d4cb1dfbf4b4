#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Dependencies point down only: sdk at the ground, core and plugins on it, neither knowing the other.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The rooms of core/, the lower ones first: one may include itself and those before it.
readonly ROOMS='base config plugin store graph run cli tools'

# The folder that an include directory adds, in the order in which they are searched.
readonly SEARCHED='sdk/include sdk/testkit/include core plugins plugins/lib .'

# These three answer in REPLY: a process for each of a thousand includes takes seconds.

# The tree's file that INCLUDE names when written in FILE; nothing for a header of the system.
resolve() { # FILE INCLUDE
    local folder
    REPLY=
    for folder in "${1%/*}" $SEARCHED; do
        if [ -f "$folder/$2" ]; then
            flatten "$folder/$2"
            return
        fi
    done
}

flatten() { # plugins/daily/../lib/x.h -> plugins/lib/x.h
    REPLY=${1#./}
    while [[ $REPLY =~ ^(.*/)?[^/.][^/]*/\.\./(.*)$ ]]; do
        REPLY=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
    done
}

room_of() { # plugins/daily/parse.c -> plugins/daily
    REPLY=${1%%/*}
    if [[ $1 =~ ^(plugins/[^/]+)/ ]]; then REPLY=${BASH_REMATCH[1]}; fi
}

check_rooms() { # FILE:LINE INCLUDE TARGET
    local from=${1#core/} to=${3#core/}
    from=${from%%/*}
    to=${to%%/*}
    [[ " $ROOMS " == *" $from "* ]] || return 0
    if [[ "${ROOMS#*"$from"} " == *" $to "* ]]; then
        finding "$1" "core/$from/ includes the room above it ($2)" \
            "rooms: $ROOMS; move what both need downwards, or pass it in"
    fi
}

check_direction() { # FILE:LINE INCLUDE TARGET
    local from to
    room_of "${1%:*}"
    from=$REPLY
    room_of "$3"
    to=$REPLY
    case $from:$to in
    core:core) check_rooms "$@" && return ;;
    "$to:$from") return ;;
    esac
    case $from:$to in
    core:sdk | plugins/*:sdk | examples:sdk) ;;
    plugins/lib:plugins/*)
        finding "$1" "a shared library includes a plugin ($2)" "move what it needs into plugins/lib/" ;;
    plugins/*:plugins/lib) ;;
    plugins/*:plugins/*)
        finding "$1" "a plugin includes another plugin ($2)" \
            "share through plugins/lib/<noun>/ or through a service" ;;
    plugins/*:core | examples:core)
        finding "$1" "a plugin includes the core ($2)" "use the SDK, or ask the host for a service" ;;
    core:plugins/*)
        finding "$1" "the core includes a plugin ($2)" "meet through the SDK's structs" ;;
    *) finding "$1" "$from/ includes $2, which lies in $to/" "dependencies point down: sdk <- core, sdk <- plugins" ;;
    esac
}

check_system() { # FILE:LINE INCLUDE
    local file=${1%:*}
    case $file:$2 in
    sdk/include/*:stddef.h | sdk/include/*:stdint.h | sdk/include/*:stdbool.h) ;;
    sdk/include/*)
        finding "$1" "an SDK header includes <$2>" "only <stddef.h>, <stdint.h>, <stdbool.h> and fw/ are allowed" ;;
    plugins/duckdb/*:duckdb.h) ;;
    *:duckdb.h)
        finding "$1" "<duckdb.h> outside plugins/duckdb/" "use the service fw.sql/1" ;;
    core/*:libconfig.h) libconfig_at+=("$1") ;;
    core/*:dlfcn.h) dlfcn_at+=("$1") ;;
    core/*:ltdl.h) ltdl_at+=("$1") ;;
    esac
}

only_one() { # HEADER REMEDY PLACE...
    local header=$1 remedy=$2 place
    shift 2
    [ $# -gt 1 ] || return 0
    for place in "$@"; do finding "$place" "one of $# includes of <$header> in core/" "$remedy"; done
}

libconfig_at=() dlfcn_at=() ltdl_at=()
checked=0
while IFS=: read -r file line text; do
    [[ $text =~ [\<\"]([^\>\"]+) ]]
    include=${BASH_REMATCH[1]}
    resolve "$file" "$include"
    if [ -n "$REPLY" ]; then
        check_direction "$file:$line" "$include" "$REPLY"
    else
        check_system "$file:$line" "$include"
    fi
    checked=$((checked + 1))
done < <(files 'sdk/*.[ch]' 'core/*.[ch]' 'plugins/*.[ch]' 'plugins/*.cu' 'plugins/*.cpp' 'examples/*.[ch]' |
    grep -E '^(sdk/include|core|plugins|examples)/' |
    xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]')

only_one libconfig.h "keep it to one file of core/config/" "${libconfig_at[@]}"
only_one dlfcn.h "keep it to one file of core/plugin/" "${dlfcn_at[@]}"
only_one ltdl.h "keep it to one file of core/plugin/" "${ltdl_at[@]}"
if [ ${#dlfcn_at[@]} = 1 ] && [ ${#ltdl_at[@]} = 1 ] && [ "${dlfcn_at[0]%:*}" != "${ltdl_at[0]%:*}" ]; then
    finding "${ltdl_at[0]}" "<ltdl.h> here, <dlfcn.h> in ${dlfcn_at[0]%:*}" "one file of core/plugin/ includes both"
fi
verdict "$checked includes"
