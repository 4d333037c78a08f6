#!/usr/bin/env bash
# Puts prometheus and promtool into .orderhub/prometheus for the tests of the dashboards, and is quick
# when they are there already. Nothing is installed and no service is started: on Debian and Ubuntu
# the distribution's package is only unpacked, without root. Elsewhere those on PATH are used.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
home=.orderhub/prometheus

unpack_prometheus() {
    [[ -x $home/usr/bin/prometheus && -x $home/usr/bin/promtool ]] && return
    command -v prometheus >/dev/null && command -v promtool >/dev/null && return
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        say "prometheus: it is not on PATH. Install it with
  brew install prometheus
or from https://prometheus.io/download/"
        return 3
    fi
    say "prometheus: unpacking Debian's package into $home"
    local folder
    mkdir -p .orderhub
    # Beside its place, so that it gets there by a change of name, whole.
    folder=$PWD/$(mktemp -d .orderhub/unpack.XXXXXX)
    # Expanded now: the name is gone when the function has returned.
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    if ! (cd "$folder" && apt-get download -qq prometheus 2>"$folder/said"); then
        cat "$folder/said" >&2
        say "prometheus: the package cannot be fetched. As root: apt-get update; then again: scripts/prometheus.sh"
        return 3
    fi
    dpkg-deb -x "$folder"/prometheus_*.deb "$folder/unpacked"
    rm -rf "$home"
    mv "$folder/unpacked" "$home"
}

unpack_prometheus
