#!/bin/sh
# Tests of setup.sh and apt.sh: each scenario runs them on a made-up machine, which is a folder with
# the few programs it has, and looks at what is said and what is called. Nothing is installed.
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# What every machine has, whatever its owner installed.
mkdir "$place/tools"
for tool in awk cat chmod cp dirname grep mkdir mktemp mv rm sed sh tail tr; do
    ln -s "$(command -v "$tool")" "$place/tools/$tool"
done

passed=0
failures=0
fail() {
    printf 'setup_test: %s\n  failed: %s\n' "$scenario" "$1" >&2
    printf '  it said:\n%s\n  it called:\n%s\n' "$said" "$(cat "$place/called")" >&2
    failures=$((failures + 1))
}
check() { if "$@"; then passed=$((passed + 1)); else fail "$*"; fi; }

# A program of the made-up machine. It writes down that it was called, and with what.
program() {
    mkdir -p "$(dirname "$1")"
    printf '#!/bin/sh\nprintf "%%s\\n" "%s $*" >>"%s/called"\n%s\n' "${1##*/}" "$place" "${2:-}" >"$1"
    chmod +x "$1"
}

# A new machine: its name for itself, its user's number, the version of its Rust.
machine() {
    scenario=$1
    rm -rf "$place/machine" "$place/checkout"
    bin=$place/machine/bin
    mkdir -p "$bin" "$place/checkout"
    cp -R "$repository/scripts" "$place/checkout/scripts"
    cp "$repository/Cargo.toml" "$place/checkout/"
    program "$place/checkout/scripts/prometheus.sh"
    program "$bin/uname" "echo $2"
    program "$bin/id" "echo $3"
    if [ "$4" != none ]; then
        program "$bin/cargo" "echo 'cargo $4 (abc 2026-01-01)'"
        program "$bin/rustc" "echo 'rustc $4 (abc 2026-01-01)'"
    fi
    if [ "$2" = Linux ]; then
        # Installs what it is told to.
        program "$bin/apt-get" ". '$place/install'; for word in \"\$@\"; do has_come \"\$word\"; done"
        program "$bin/apt-cache" "case \$1 in stats) echo 'Total package names: 60000 (1 k)' ;;
            policy) printf '%s:\n  Candidate: 15+248\n' \"\$2\" ;; esac"
        program "$bin/pg_conftool"
        program "$bin/systemctl"
    else
        program "$bin/xcode-select"
        program "$bin/cc"
        program "$bin/pkill"
        program "$bin/pgrep"
    fi
    # What a package brings, on either system.
    cat >"$place/install" <<INSTALL
put() { mkdir -p "\${1%/*}"; printf '#!/bin/sh\n%s\n' "\${2:-}" >"\$1"; chmod +x "\$1"; }
postgres() { put "\$1/initdb"; put "\$1/postgres" "echo 'postgres (PostgreSQL) 15.18 (Debian 15)'"; }
has_come() {
    case \$1 in
    postgresql) postgres '$place/machine/usr/lib/postgresql/15/bin' ;;
    postgresql-common) put '$place/machine/etc/postgresql-common/createcluster.conf' ;;
    postgresql@16) postgres '$place/machine/opt/homebrew/opt/postgresql@16/bin' ;;
    nats-server) [ -d '$place/machine/opt' ] && put '$bin/nats-server' ||
        put '$place/machine/usr/sbin/nats-server' ;;
    gcc) put '$bin/cc' ;;
    ca-certificates) put '$place/machine/etc/ssl/certs/ca-certificates.crt' ;;
    python | python3) put '$bin/python3' '[ "\$1" != -m ] || { mkdir -p "\$3/bin"; cp "\$0" "\$3/bin/python"; }' ;;
    procps) put '$bin/pkill'; put '$bin/pgrep' ;;
    chromium) put '$bin/chromium' ;;
    prometheus) put '$bin/promtool' ;;
    google-chrome) put '$place/machine/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ;;
    esac
}
INSTALL
    mkdir -p "$place/machine/usr/sbin"
}

# Runs a script on the machine as it is now. Its words are in $said, its exit code in $code.
run() {
    : >"$place/called"
    code=0
    said=$(cd "$place/checkout" && env -i HOME="$place" PATH="$bin:$place/tools" \
        ORDERHUB_SETUP_ROOT="$place/machine" "$@" 2>&1 </dev/null) || code=$?
}
ends_with() { [ "$code" = "$1" ]; }
says() { case $said in *"$1"*) ;; *) return 1 ;; esac }
says_not() { ! says "$1"; }
is_silent() { [ -z "$said" ]; }
calls() { grep -qF -e "$1" "$place/called"; }
calls_not() { ! calls "$1"; }
has_file() { [ -e "$place/$1" ]; }
has_no_file() { ! has_file "$1"; }

machine 'without Rust the line is named and nothing is installed' Linux 0 none
program "$bin/curl"
run ./scripts/setup.sh run
check ends_with 3
check says 'there is no Rust toolchain'
check says "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
check says_not 'apt-get'
check calls_not 'apt-get'

machine 'without curl the line brings it too' Linux 1000 none
run ./scripts/setup.sh test
check ends_with 3
check says 'sudo apt-get update && sudo apt-get install -y curl ca-certificates && curl'

machine 'a Rust that the shell does not know yet is not installed again' Linux 1000 none
program "$place/.cargo/bin/cargo"
run ./scripts/setup.sh run
check ends_with 3
check says ".cargo/env"
check says_not 'curl'
rm -r "$place/.cargo"

machine 'a Rust that is too old is named before anything is installed' Linux 0 1.63.0
run ./scripts/setup.sh test
check ends_with 3
check says 'Rust 1.63.0 is too old'
check calls_not 'apt-get'

machine 'rustup updates a Rust that is too old' Linux 0 1.93.1
program "$bin/rustup"
run ./scripts/setup.sh run
check ends_with 3
check says 'rustup update stable'

machine 'a nightly Rust is new enough' Linux 0 1.97.0-nightly
run ./scripts/setup.sh run
check ends_with 0

machine 'on Debian root installs what the demo needs, without Python and browser' Linux 0 1.95.0
run ./scripts/setup.sh run
check ends_with 0
check calls 'install postgresql nats-server gcc libc6-dev ca-certificates'
check calls_not 'python'
check calls_not 'chromium'
check calls_not 'sudo'
check calls 'pg_conftool '"$place"'/machine/etc/postgresql-common/createcluster.conf set create_main_cluster false'
check calls 'systemctl disable nats-server.service'
check has_no_file machine/usr/sbin/policy-rc.d
check calls_not 'prometheus'
check has_no_file checkout/.orderhub
run ./scripts/setup.sh run
check ends_with 0
check is_silent
check calls_not 'apt-get'

run ./scripts/setup.sh test
check ends_with 0
check calls 'install python3 python3-venv procps chromium'
check says 'playwright==1.65.2'
check calls 'prometheus.sh'
check has_file checkout/.orderhub/localstripe/made
check has_file checkout/.orderhub/nats/made
check grep -qx "$bin/chromium" "$place/checkout/.orderhub/playwright/browser"
run ./scripts/setup.sh test
check ends_with 0
check is_silent
check calls_not 'apt-get'
# shellcheck disable=SC2016
program "$bin/python3" '[ "$1" != -m ] || { mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; }; echo Python 3.99'
run ./scripts/setup.sh test
check ends_with 0
check says 'installing localstripe'
run ./scripts/setup.sh test
check is_silent

machine 'a user with sudo is told before it is used' Linux 1000 1.95.0
program "$bin/sudo" "[ \"\$1\" != -n ] || shift; PATH='$place/root':\$PATH \"\$@\""
program "$place/root/id" 'echo 0'
program "$bin/true"
run ./scripts/setup.sh run
check ends_with 0
check says 'setup: installing postgresql nats-server gcc libc6-dev ca-certificates (sudo apt-get'
check calls 'sudo ./scripts/apt.sh postgresql'

machine 'a password that nobody can type is not asked for' Linux 1000 1.95.0
program "$bin/sudo" 'exit 1'
run ./scripts/setup.sh run
check ends_with 3
check says 'Run first: sudo ./scripts/apt.sh postgresql nats-server'
check calls_not 'apt-get'

machine 'a user without sudo is told what root has to run' Linux 1000 1.95.0
run ./scripts/setup.sh run
check ends_with 3
check says "su -c './scripts/apt.sh postgresql nats-server"
check calls_not 'apt-get'

machine 'a database and a bus that the environment names are enough for the demo' Linux 0 1.95.0
run DATABASE_URL=postgres://x NATS_URL=nats://x ./scripts/setup.sh run
check ends_with 0
check calls_not 'postgresql'
check calls_not 'nats-server'

machine 'another package manager that is at work is named' Linux 0 1.95.0
program "$bin/apt-get" "echo 'E: Could not get lock /var/lib/dpkg/lock-frontend.'; exit 100"
run ./scripts/setup.sh run
check ends_with 3
check says 'another package manager is at work'
check has_no_file machine/usr/sbin/policy-rc.d

machine 'a network that is not there is named' Linux 0 1.95.0
program "$bin/apt-get" "echo 'E: Failed to fetch http://example.com Temporary failure resolving'; exit 100"
run ./scripts/setup.sh run
check ends_with 3
check says 'it could not fetch them'
check says 'Check the network'

machine 'where apt has no nats-server, the line that helps is said' Linux 0 1.95.0
program "$bin/apt-cache" "case \$1 in stats) echo 'Total package names: 60000 (1 k)' ;;
    policy) [ \"\$2\" = nats-server ] || printf '%s:\n  Candidate: 15+248\n' \"\$2\" ;; esac"
run ./scripts/setup.sh run
check ends_with 3
check says 'export ORDERHUB_NATS_SERVER='
check calls_not ' install '

machine 'where apt has an old Postgres only, the line that helps is said' Linux 0 1.95.0
program "$bin/apt-cache" "echo '  Candidate: 12+214'"
run ./scripts/setup.sh run
check ends_with 3
check says 'apt has PostgreSQL 12 here, 14 or newer is needed'
check calls_not ' install '

machine 'an old Postgres that is installed does not count' Linux 0 1.95.0
program "$place/machine/usr/lib/postgresql/13/bin/initdb"
program "$place/machine/usr/lib/postgresql/13/bin/postgres" "echo 'postgres (PostgreSQL) 13.9'"
run ./scripts/setup.sh run
check ends_with 0
check calls 'install postgresql nats-server'

machine 'a PyPI that cannot be reached leaves nothing half-made that counts' Linux 0 1.95.0
run ./scripts/setup.sh run
program "$bin/python3" 'exit 0'
for tool in pkill pgrep chromium; do program "$bin/$tool"; done
run ./scripts/setup.sh test
check ends_with 3
check says 'pip did not install localstripe'
check has_no_file checkout/.orderhub/localstripe/made

machine 'a Linux without apt is told what is wanted' Linux 0 1.95.0
rm "$bin/apt-get"
run ./scripts/setup.sh run
check ends_with 3
check says "Install them with the system's package manager"

machine 'on a Mac Homebrew installs what is missing' Darwin 501 1.95.0
program "$bin/brew" ". '$place/install'; for word in \"\$@\"; do has_come \"\$word\"; done"
mkdir -p "$place/machine/opt"
run ./scripts/setup.sh run
check ends_with 0
check calls 'brew install postgresql@16 nats-server'
check calls_not '--cask'
run ./scripts/setup.sh run
check ends_with 0
check is_silent
check calls_not 'brew'
run ./scripts/setup.sh test
check ends_with 0
check calls 'brew install python prometheus'
check calls 'brew install --cask google-chrome'
check grep -q 'Google Chrome$' "$place/checkout/.orderhub/playwright/browser"
run ./scripts/setup.sh test
check is_silent
check calls_not 'brew'

machine 'without Homebrew the line that installs it is named' Darwin 501 1.95.0
run ./scripts/setup.sh run
check ends_with 3
check says 'https://raw.githubusercontent.com/Homebrew/install/HEAD/install.sh'

machine 'a Homebrew that fails is not taken for one that did it' Darwin 501 1.95.0
program "$bin/brew" 'exit 1'
run ./scripts/setup.sh run
check ends_with 3
check says 'brew did not install postgresql@16 nats-server'

machine "without Apple's compiler its line is named" Darwin 501 1.95.0
program "$bin/xcode-select" 'exit 2'
program "$bin/brew"
run ./scripts/setup.sh run
check ends_with 3
check says 'xcode-select --install'
check calls_not 'brew'

printf 'setup_test: %s passed, %s failed\n' "$passed" "$failures"
[ "$failures" = 0 ]
