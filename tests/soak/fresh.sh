#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/soak/fresh.sh BUILD: `make run` and `make test` on a bare machine: Debian 12 with git, make, a C compiler and
# nothing else, and a clone of HEAD in it; from the second time on without network, where the filings are at hand too
# if this machine has them. Takes the machine's own mirror, proxies and certificates. BUILD is not used.
# What passes without network passes with it, so the tests run once.
#   FWRUN_FRESH_STEPS   which of: run test run-offline test-offline (default: run run-offline test-offline)
#   FWRUN_FRESH_ROOT    a root that an earlier call left, or where to leave one; removed at the end otherwise
set -euo pipefail
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
shared=${FWRUN_SHARED:-$source_root/../shared}
readonly SUITE=bookworm TREE=/srv/fwrun

say() { printf 'fresh: %s\n' "$*"; }
skip() { say "SKIPPED, nothing was proved: $*" && exit 0; }
fail() { say "FAILED: $*" && exit 1; }

# --- the root ----------------------------------------------------------------------------------

mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 2>/dev/null |
        sed -nE "s,/? $SUITE\$,,p" | grep -m 1 . || echo http://deb.debian.org/debian
}

# What this machine needs to reach its mirrors: proxies, leniencies, certificates of its own.
copy_settings() {
    apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries)' >"$root/etc/apt/apt.conf.d/90host" || true
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

make_root() {
    local from
    from=$(mirror)
    curl -sfIo /dev/null "$from/dists/$SUITE/Release" || skip "no network: $from does not answer"
    say "debootstrap $SUITE from $from"
    debootstrap --variant=minbase --include=git,make,gcc,libc6-dev "$SUITE" "$root" "$from" >"$log" 2>&1 ||
        { tail -5 "$log" && fail "debootstrap"; }
    copy_settings
    touch "$root/.fresh"
}

lay_tree() {
    [ -z "$(git -C "$source_root" status --porcelain)" ] || say "note: what is not committed is not tested"
    [ -d "$root$TREE" ] || git clone -q "file://$source_root" "$root$TREE" 2>/dev/null || fail "git clone of $source_root"
    git -C "$root$TREE" fetch -q "file://$source_root" HEAD
    git -C "$root$TREE" reset -q --hard FETCH_HEAD
    git -C "$root$TREE" clean -qfdx -e .deps
    say "a clone of $(git -C "$source_root" log -1 --format='%h %s')"
}

# --- in it -------------------------------------------------------------------------------------

# The mounts are in a namespace of their own, so that none is left when the root is removed.
inside() { # NETWORK SHARED COMMAND
    local spaces=(--mount --propagation private)
    [ "$1" = online ] || spaces+=(--net)
    # shellcheck disable=SC2016
    nice -n 10 unshare "${spaces[@]}" bash -c '
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/tmp" || exit 90
        if [ -n "$2" ]; then mkdir -p "$1/srv/shared" && mount --bind -o ro "$2" "$1/srv/shared" || exit 90; fi
        exec chroot "$1" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:4}" sh -c "cd $0 && $3"' \
        "$TREE" "$root" "$2" "$3" "${environment[@]}" </dev/null >"$log" 2>&1
}

environment=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done
if command -v npm >/dev/null; then
    environment+=("npm_config_registry=$(npm config get registry 2>/dev/null)")
fi

attempt() { # TITLE NETWORK SHARED COMMAND
    local begin=$SECONDS
    say "$1"
    inside "$2" "$3" "$4" || fail "$1 (exit code $?): $(grep -E -A30 '^FAILED' "$log" || tail -40 "$log")"
    say "$1: $((SECONDS - begin)) s; $(grep -E '^[0-9]+ passed|^done|finished|executed' "$log" | tail -1)"
}

expect() { # TEXT
    grep -qF -- "$1" "$log" || { tail -40 "$log" && fail "the output does not say \"$1\""; }
}

step() {
    local data=
    [ ! -d "$shared/data" ] || data=$(realpath "$shared")
    case $1 in
    run)
        attempt 'make run' online '' 'make run'
        expect 'make run: build/fwrun configs/'
        ;;
    test)
        attempt 'make test, without the shared data' online '' 'make test'
        expect ' passed, 0 failed'
        ;;
    run-offline)
        attempt 'make run, no network' offline '' 'rm -rf runs data && make run'
        expect 'running the same chain on a generated crawl'
        [ -n "$data" ] || return 0
        attempt 'make run, no network, filings at hand' offline "$data" 'rm -rf runs data && make run'
        expect 'configs/regcf_freeze.cfg'
        ;;
    test-offline)
        attempt "make test, no network${data:+, with the shared data}" offline "$data" 'make test'
        expect ' passed, 0 failed'
        ;;
    *) fail "FWRUN_FRESH_STEPS: there is no step $1" ;;
    esac
}

[ "$(id -u)" = 0 ] || skip "only root may chroot"
"$source_root/scripts/setup" --soak
unshare --mount --net true 2>/dev/null || skip "namespaces are refused here"
work=$(mktemp -d "${TMPDIR:-/var/tmp}/fwrun-fresh.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
root=${FWRUN_FRESH_ROOT:-$work/root}
log=$work/log
[ -e "$root/.fresh" ] || make_root
lay_tree
for name in ${FWRUN_FRESH_STEPS:-run run-offline test-offline}; do
    step "$name"
done
say "proved"
