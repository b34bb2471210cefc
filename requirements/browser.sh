#!/bin/sh
# Prints the path of a Chromium for the browser tests, and installs the system's where it can.
#
#   sh requirements/browser.sh
set -eu
say() { printf '%s\n' "$*" >&2; }

found() {
    for name in ${CHROMIUM:-chromium chromium-browser google-chrome-stable google-chrome}; do
        command -v "$name" && return
    done
    return 1
}

found && exit 0
if [ -z "${CHROMIUM:-}" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    say "Installing Chromium for the browser tests (once)…"
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get install -y --no-install-recommends chromium ||
            { apt-get update && apt-get install -y --no-install-recommends chromium; }
    } >.set-up.log 2>&1 || {
        tail -n 5 .set-up.log >&2
        say "Installing Chromium failed (see .set-up.log)."
        exit 1
    }
    rm -f .set-up.log
    found && exit 0
fi
say "The browser tests need Chromium: install it (on Debian and Ubuntu the package chromium), or name one: make test CHROMIUM=/path/to/chromium."
exit 1
