#!/bin/sh
# Installs what a command of the Makefile needs: Debian packages, and the Python packages of its lock into .venv.
# Usage: tools/setup.sh run|test|fuzz
set -eu
cd "$(dirname "$0")/.."

run_packages="gcc libc6-dev cmake ninja-build pkg-config libmosquitto-dev libssl-dev libjsmn-dev python3 python3-venv"
test_packages="$run_packages git libcmocka-dev libcjson-dev clang-format clang-tidy valgrind
               gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
# Ubuntu has Chromium as a snap only, which a container cannot run: there Playwright brings its own.
grep -qs '^ID=ubuntu' /etc/os-release && playwright_browser=yes || test_packages="$test_packages chromium"
fuzz_packages="$test_packages clang llvm libclang-rt-dev"

case "${1:-}" in
run) packages=$run_packages lock=requirements.lock ;;
test) packages=$test_packages lock=requirements-test.lock ;; # holds all of the other as well
fuzz) packages=$fuzz_packages lock=requirements-test.lock ;;
*)
    echo "usage: tools/setup.sh run|test|fuzz" >&2
    exit 2
    ;;
esac

install_packages() {
    missing=""
    for package in $packages; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "Packages are missing. Run this, then try again:" >&2
        echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
        exit 2
    fi
    echo "Installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

make_venv() {
    stamp=.venv/$lock.sha256
    sha256sum --check --status "$stamp" 2>/dev/null && return 0
    echo "Installing the Python packages of $lock in .venv"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    [ -z "${playwright_browser:-}" ] || [ "$lock" != requirements-test.lock ] || install_browser
    sha256sum "$lock" >"$stamp"
}

install_browser() {
    echo "Installing a browser for the tests of the page"
    [ "$(id -u)" -ne 0 ] && system_packages="" || system_packages=--with-deps
    # shellcheck disable=SC2086  # an option, or none
    .venv/bin/python -m playwright install $system_packages chromium-headless-shell
}

if command -v dpkg-query >/dev/null; then
    install_packages
else
    echo "Not a Debian or Ubuntu: see to it that these are there: $packages" >&2
fi
make_venv
