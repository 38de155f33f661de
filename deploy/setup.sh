#!/usr/bin/env bash
# Makes the checkout ready. Quick when nothing changed: each step leaves a stamp of what it was made from.
#
#   deploy/setup.sh run     the Python environment and the browser's files, for `make run`
#   deploy/setup.sh ha      Galera, for `make chaos HA=1`
#   deploy/setup.sh test    that, the test tools, and the servers and the browser that the tests start
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:-}
vendor=app/web/static/vendor
icons=app/web/static/icons

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
stamp_of() { cat -- "$@" | sha256sum | cut -d' ' -f1; }
is_stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# Runs a command as root; fails where this user may not without being asked.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs Debian packages without starting the services that some of them bring, which would take well-known ports.
apt_install() {
    command -v apt-get >/dev/null || return 1
    as_root true 2>/dev/null || return 1
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive sh -euc '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap "rm -f $policy" EXIT
            printf "#!/bin/sh\nexit 101\n" >$policy
            chmod 755 $policy
        fi
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    ' apt_install "$@" >&2
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed (python3 is $(python3 -V 2>/dev/null || echo missing)); PYTHON=/path/to/python names one"
}

make_venv() {
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3-venv || fail "Python's venv module is missing; on Debian: apt-get install python3-venv"
    fi
    say "making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv
}

# $1: the lock file; $2: the stamp's name.
install_python() {
    local lock=$1 stamp=.venv/$2.stamp wanted
    wanted=$(stamp_of "$lock")
    is_stamped "$stamp" "$wanted" && return
    make_venv
    say "installing $lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    printf '%s' "$wanted" >"$stamp"
}

# The package in cluster/, from where it lies: a change of it needs no new installation. With what the lock file gave.
install_cluster() {
    local stamp=.venv/cluster.stamp wanted
    wanted=$(stamp_of cluster/pyproject.toml .venv/pyvenv.cfg)
    is_stamped "$stamp" "$wanted" && return
    say "installing cluster/"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation \
        --editable cluster
    printf '%s' "$wanted" >"$stamp"
}

# For the tests that install the package's wheel: what it depends on, and nothing else.
make_package_venv() {
    local lock=cluster/tests/requirements.txt stamp=.venv-package/stamp wanted
    wanted=$(stamp_of "$lock")
    is_stamped "$stamp" "$wanted" && return
    say "installing $lock"
    "$(find_python)" -m venv --clear .venv-package
    .venv-package/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    printf '%s' "$wanted" >"$stamp"
}

install_node() {
    local stamp=node_modules/setup.stamp wanted
    wanted=$(stamp_of package.json package-lock.json)
    is_stamped "$stamp" "$wanted" && return
    command -v npm >/dev/null || fail "npm is needed for the browser's files; it comes with Node.js (https://nodejs.org)"
    say "installing package-lock.json"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    printf '%s' "$wanted" >"$stamp"
}

# The third-party files that the page loads are served by us, so they are copied beside our own.
copy_vendor() {
    local stamp=node_modules/vendor.stamp wanted
    wanted=$(stamp_of deploy/vendor.sh package-lock.json "$icons"/*)
    [ -d "$vendor" ] && is_stamped "$stamp" "$wanted" && return
    deploy/vendor.sh node_modules "$icons" "$vendor"
    printf '%s' "$wanted" >"$stamp"
}

has() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null; }

# MariaDB, Chromium and faketime must be on the machine; Redis and nginx have a stand-in among the locked wheels.
install_servers() {
    local packages=() missing=()
    has mariadbd && has mariadb-install-db || { packages+=(mariadb-server-core); missing+=(mariadbd); }
    # mariadb-dump and mariadb-binlog.
    has mariadb-binlog || { packages+=(mariadb-client); missing+=(mariadb-dump); }
    has chromium || { packages+=(chromium fonts-dejavu-core); missing+=(chromium); }
    has faketime || { packages+=(faketime); missing+=(faketime); }
    has redis-server || packages+=(redis-server)
    has nginx || packages+=(nginx-light)
    [ ${#packages[@]} = 0 ] && return
    apt_install "${packages[@]}" && return
    [ ${#missing[@]} = 0 ] || fail "the tests need ${missing[*]}; on Debian: apt-get install ${packages[*]}"
}

# One set-up at a time in a checkout: the lock is on this script itself.
exec 9<"deploy/setup.sh"
if command -v flock >/dev/null; then flock 9; fi

case $mode in
    run)
        install_python deploy/local/requirements.txt run
        ;;
    test)
        make_venv
        install_servers
        # Side by side: each keeps one core busy, or waits for the network.
        make_package_venv & package=$!
        install_node & node=$!
        # Holds all that a run needs, in the same versions.
        install_python tests/requirements.txt test
        stamp_of deploy/local/requirements.txt | tr -d '\n' >.venv/run.stamp
        wait "$package"
        wait "$node"
        ;;
    ha)
        [ -e /usr/lib/galera/libgalera_smm.so ] && has wsrep_sst_rsync && has rsync \
            || apt_install mariadb-server galera-4 rsync \
            || fail "several databases need Galera; on Debian: apt-get install mariadb-server galera-4 rsync"
        exit
        ;;
    *)
        fail "usage: deploy/setup.sh run|test|ha"
        ;;
esac
install_cluster
install_node
copy_vendor
