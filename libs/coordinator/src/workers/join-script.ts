/**
 * What a machine runs to become a worker: `curl … | MITO_ENROLL=CODE sh -s -- URL PIN [options of "mito join"]`. It
 * finds Node.js or fetches the coordinator's own, fetches the package that the coordinator runs, and hands over to
 * it. All of it is one function that is called on its last line, so that a download that breaks off runs nothing;
 * it reads nothing from standard input, where the script itself comes from. For dash and busybox.
 */
export const JOIN_SCRIPT = String.raw`# Makes this machine a worker of the coordinator that served this script.
# Arguments: the coordinator's address, the pin of its key, options of "mito join". The code is in MITO_ENROLL.
join_mitosis() {
  set -eu
  umask 077
  fail() { echo "mito: $1" >&2; exit 1; }
  url=$1 pin=$2
  [ -n "$(printenv MITO_ENROLL || true)" ] ||
    fail 'MITO_ENROLL holds no enrolment code; copy the whole line that "mito workers enroll" prints'
  [ -n "$(printenv HOME || true)" ] || fail 'HOME is not set; the worker is installed below it'
  data=$(printenv XDG_DATA_HOME || true)
  [ -n "$data" ] || data=$HOME/.local/share
  base=$data/mitosis-worker
  mkdir -p "$base" 2>/dev/null ||
    fail "the folder $base can't be made; set XDG_DATA_HOME to a folder that you can write to"
  new=$base/.new.$$
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  rm -rf "$new"
  mkdir "$new"

  # The code goes to curl by a pipe: what is in its arguments, others can see.
  fetch() {
    status=$(printf 'header = "X-Enrolment: %s"\n' "$MITO_ENROLL" |
      curl -K - -ksS --pinnedpubkey "$pin" --connect-timeout 20 -o "$2" -w '%{http_code}' "$url/join/$1") ||
      fail "$url could not be read to the end, see above; paste the line again"
    [ "$status" = 200 ] || fail "$(head -c 400 "$2" | tr -d '\033')"
  }

  is_good() {
    [ -x "$1" ] && "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
      process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' </dev/null >/dev/null 2>&1
  }
  find_node() {
    for node in "$(command -v node || true)" \
      "$(sh -lc 'command -v node' </dev/null 2>/dev/null | tail -n 1 || true)" \
      "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.volta/bin/node "$HOME"/.local/bin/node \
      /usr/local/bin/node /usr/bin/node /opt/node*/bin/node /usr/local/lib/nodejs/*/bin/node "$base"/node/*/node; do
      if is_good "$node"; then return 0; fi
    done
    return 1
  }
  if ! find_node; then
    libc=glibc
    for loader in /lib/ld-musl-*; do if [ -e "$loader" ]; then libc=musl; fi; done
    platform=$(uname -s | tr 'A-Z' 'a-z')-$(uname -m)-$libc
    echo "mito: no Node.js 20.19 or later here; fetching the one of the coordinator" >&2
    fetch "node/$platform" "$new/node"
    chmod 755 "$new/node"
    is_good "$new/node" ||
      fail "the Node.js of the coordinator does not run here; install Node.js 20.19 or later (the package nodejs \
of your system, or from nodejs.org) and paste the line again"
    version=$("$new/node" --version)
    mkdir -p "$base/node/$version"
    mv -f "$new/node" "$base/node/$version/node"
    node=$base/node/$version/node
  fi

  fetch build "$new/build"
  build=$(cat "$new/build")
  case $build in '' | *[!A-Za-z0-9._-]* | .*) fail "what responds at $url is not a coordinator" ;; esac
  main=$base/versions/$build/lib/mito.js
  if [ ! -f "$main" ]; then
    echo "mito: fetching Mitosis $build" >&2
    fetch package.tgz "$new/package.tgz"
    tar -xzf "$new/package.tgz" -C "$new" || fail "the package could not be unpacked in $base, see above"
    mkdir -p "$base/versions"
    rm -rf "$base/versions/$build"
    mv "$new/package" "$base/versions/$build"
  fi
  rm -rf "$new"
  trap - EXIT INT TERM HUP
  exec "$node" -- "$main" join "$@" </dev/null
}
join_mitosis "$@"
`;
