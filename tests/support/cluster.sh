#!/bin/sh
# A private PostgreSQL cluster for the tests: on a Unix socket in a new folder, reachable in no other way.
#
# Says `ready FOLDER` once it takes connections and runs until its standard input closes. The tests hold the other end of
# that pipe, so it goes away with them however they end, a panic and a kill -9 included. Exits 3 without PostgreSQL.
set -eu
# A Ctrl-C for the tests must not end this script before it has cleaned up.
trap '' INT HUP

bin=
for candidate in "$(command -v initdb || true)" $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -rV); do
    folder=$(dirname "$(readlink -f "$candidate")")
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_ctl" ]; then
        bin=$folder
        break
    fi
done
[ -n "$bin" ] || { echo "no initdb, postgres and pg_ctl in PATH or /usr/lib/postgresql" >&2; exit 3; }

folder=$(mktemp -d /tmp/yice-pg.XXXXXXXX)
cd "$folder"
as=
if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    user=nobody
    ! id postgres >/dev/null 2>&1 || user=postgres
    chown "$user" "$folder"
    as="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
fi

# Immediate: nothing in it is worth a checkpoint. pg_ctl ends the process whose id stands in the folder and no other.
end() {
    $as "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    cd /
    rm -rf "$folder"
}
trap end EXIT

$as "$bin/initdb" -D "$folder/data" -U yice -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; exit 1; }
cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
shared_buffers = 32MB
# These tests ask what the database answers, not what survives a power cut.
fsync = off
full_page_writes = off
CONF
$as "$bin/pg_ctl" -D "$folder/data" -l "$folder/data/log" -w start >/dev/null 2>&1 ||
    { cat "$folder/data/log" >&2; exit 1; }
echo "ready $folder"
cat >/dev/null
