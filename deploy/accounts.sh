#!/bin/sh
# The Unix accounts and groups of a node: one account per process, none of which can log in.
# Run as root; running it again changes nothing.
#
#   vitrine-hub      the Hub; uses the Docker engine, which makes it as powerful as root
#   vitrine-gate     the gate; journals, no database, no key
#   vitrine-steward  holds the signing key; releases
#   vitrine-review   the web application of output checkers and authors
#   vitrine-parser   opens files under review, without a network
#   vitrine-proxy    the reverse proxy
#
#   group vitrine      all of them: may pass through the directories of the installation
#   group vitrine-db   hub, steward, review: may use an SQLite database and the datasets' records
#   group vitrine-web  hub, proxy: may reach a lab's socket
set -eu

[ "$(id -u)" -eq 0 ] || { echo "accounts.sh must be run as root" >&2; exit 1; }

group() { getent group "$1" >/dev/null || groupadd --system "$1"; }

member() { # account, group
    id -nG "$1" | tr ' ' '\n' | grep -qx "$2" || usermod --append --groups "$2" "$1"
}

for name in vitrine vitrine-db vitrine-web; do group "$name"; done

for name in hub gate steward review parser proxy; do
    getent passwd "vitrine-$name" >/dev/null || useradd --system --user-group --no-create-home \
        --home-dir /nonexistent --shell /usr/sbin/nologin "vitrine-$name"
    member "vitrine-$name" vitrine
done
for name in hub steward review; do member "vitrine-$name" vitrine-db; done
for name in hub proxy; do member "vitrine-$name" vitrine-web; done
if getent group docker >/dev/null; then member vitrine-hub docker; fi
