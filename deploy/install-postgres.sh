#!/bin/sh
# Installs PostgreSQL's server programs unless they are here: by apt, on Debian and its relatives, as root
# or with sudo. Effigate runs private clusters of its own from them, so none is created for the system.
set -eu

for initdb in "${PG_BIN:-}/initdb" /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
	if [ -x "$initdb" ]; then exit 0; fi
done

if ! command -v apt-get >/dev/null; then
	cat >&2 <<-'END'
		PostgreSQL's server programs are missing. Install them with the system's package manager:
		    Fedora, RHEL:  sudo dnf install postgresql-server
		    Arch:          sudo pacman -S postgresql
		    macOS:         brew install postgresql
		or set PG_BIN to the folder that holds initdb and postgres.
	END
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null; then exec sudo "$0"; fi
	echo "PostgreSQL's server programs are missing. Run as root: $(realpath "$0")" >&2
	exit 1
fi

# The package would otherwise start a cluster "main" on port 5432.
conf=/etc/postgresql-common/createcluster.conf
if ! grep -qs '^create_main_cluster' "$conf"; then
	mkdir -p "${conf%/*}"
	echo 'create_main_cluster = false' >>"$conf"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update || echo 'apt-get update failed; going on with the package lists at hand' >&2
apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold postgresql </dev/null
