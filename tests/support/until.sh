#!/bin/sh
# Runs a command for as long as the standard input is open: `until.sh FOLDER COMMAND [ARGUMENT…]`. Then everything it started
# ends, and FOLDER goes away.
#
# The tests hold the other end of that pipe, so no server and no browser outlives them however they end, a panic and a
# kill -9 included. The script leads a process group of its own: browsers survive the death of the driver that started them.
trap '' INT HUP TERM
folder=$1
shift
# A trap of '' would be inherited, and the command could not be asked to stop.
(trap - INT HUP TERM; exec "$@" </dev/null) &
cat >/dev/null
kill -TERM 0
wait
rm -rf "$folder"
