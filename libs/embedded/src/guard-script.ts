/**
 * The guard between this process and a child of it, for `/bin/sh -c 'eval "$GUARD"' guard
 * STOP_SIGNAL GRACE_SECONDS REMOVE_AFTER COMMAND...`. It prints the child's process id, and ends when the child
 * does, with its exit code. When its stdin closes it stops the child, step by step harder, and
 * removes the folder REMOVE_AFTER (if any). A shell costs 1 MB and 2 ms; another Node would cost 40 MB.
 *
 * `watch` and `wait` are two processes because a shell cannot wait for a child and a pipe at once.
 * Should the guard itself be killed, the watcher still stops the child.
 */
export const GUARD_SCRIPT = `
signal=$1 grace=$2 folder=$3
shift 3
unset GUARD
exec 3<&0 </dev/null
"$@" 3<&- >/dev/null &
child=$!
ended=
trap 'ended=1' USR1
echo "$child"
exec >/dev/null 2>&1

nap() { sleep "$1" & nap=$!; wait "$nap"; }
watch() {
  while read -r _ <&3; do :; done
  nap=
  trap 'kill "$nap"; wait "$nap"; exit' TERM
  kill -s USR1 $$
  kill -s "$signal" "$child" && nap "$grace"
  kill -s QUIT "$child" && nap "$grace"
  kill -s KILL "$child"
}
watch &
watcher=$!
exec 3<&-

while :; do
  wait "$child"
  code=$?
  kill -s 0 "$child" || break
done
kill "$watcher"
wait "$watcher"
if [ -n "$ended" ] && [ -n "$folder" ]; then rm -rf -- "$folder"; fi
exit "$code"
`;
