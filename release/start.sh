#!/bin/sh
# What the container runs. A first start answers from the seeds until `sanad sync` brings a corpus. Beyond loopback
# nothing is served without a key: the first ones are made here and told once, in the container's log.
set -eu

# The first process of a container is deaf to a signal that nothing traps, as Python does not while it starts. So this
# one stays first, and hands on what it is told.
child='' stopped=''
trap 'stopped=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM INT

run() { # COMMAND...: what it exits with; a signal meanwhile is handed on and what it does is waited for
  [ -z "$stopped" ] || exit 143
  "$@" &
  child=$! code=0
  [ -z "$stopped" ] || kill -TERM "$child"
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do # it was the wait that the signal ended
    code=0
    wait "$child" || code=$?
  done
  child=''
  return "$code"
}

store=${SANAD_STORE:?names the folder of the store}
case $store in
  *://*) ;; # a server's address: what it holds is its own affair
  *)
    if [ ! -e "$store" ]; then
      run sanad sync --store "$store.first" /usr/share/sanad/seeds
      mv "$store.first" "$store" # whole or not at all: a start that is killed before begins again
    fi
    ;;
esac

case ${SANAD_INSECURE:-false} in
  [Ff]alse | FALSE | 0 | [Nn]o | [Oo]ff)
    keys=${SANAD_KEYS:-$store/keys.json}
    if [ ! -e "$keys" ]; then
      rm -f "$keys.first" # of a start that was killed: nobody was told those
      admin=$(sanad keys create --keys "$keys.first" --scope admin --name "first admin")
      search=$(sanad keys create --keys "$keys.first" --scope search --name "first search")
      echo "sanad: the first keys, told this once: admin $admin search $search"
      mv "$keys.first" "$keys"
      rm -f "$keys.first.lock"
    fi
    ;;
esac

run sanad serve
