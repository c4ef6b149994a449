#!/bin/sh
# Installs Chromium, in which the tests look at the pages, unless it is here: by apt, on Debian and its
# relatives, as root or with sudo. BROWSER=off does without, and without those tests.
set -eu

if [ "${BROWSER:-}" = off ]; then
	echo 'BROWSER=off: NO PAGE IS TESTED IN A BROWSER' >&2
	exit 0
fi
for browser in chromium chromium-browser google-chrome chrome; do # Those that browsertest looks for.
	if command -v "$browser" >/dev/null; then exit 0; fi
done

if ! command -v apt-get >/dev/null; then
	cat >&2 <<-'END'
		Chromium is missing. Install it with the system's package manager:
		    Fedora, RHEL:  sudo dnf install chromium
		    Arch:          sudo pacman -S chromium
		    macOS:         brew install --cask google-chrome, and put it on the PATH as google-chrome
		or set BROWSER=off to test no page in a browser.
	END
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null; then exec sudo "$0"; fi
	echo "Chromium is missing. Run as root: $(realpath "$0")" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update || echo 'apt-get update failed; going on with the package lists at hand' >&2
apt-get install -y --no-install-recommends chromium fonts-dejavu-core </dev/null
