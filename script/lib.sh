# shellcheck shell=bash
# Shared by the scripts beside it: where things are, what must be installed, and long steps that say how far they are.
# Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache
cd "$root"

# Compiled objects are shared between checkouts: paths are taken relative to this one.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
export DEBIAN_FRONTEND=noninteractive

# What a build of the binary needs, and what it needs while it runs (fonts of the PDF summary).
build_packages=(
  build-essential cmake ninja-build pkg-config ccache mold
  libboost-dev libssl-dev libcurl4-openssl-dev zlib1g-dev nlohmann-json3-dev libsqlite3-dev libpq-dev
  libpango1.0-dev libcairo2-dev fonts-noto-core fonts-noto-cjk libicu-dev libphonenumber-dev
  libhowardhinnant-date-dev libcli11-dev libtomlplusplus-dev libfmt-dev ca-certificates tzdata
)
# What the tests need beside that.
test_packages=(
  libgtest-dev libgmock-dev postgresql-15 poppler-utils qpdf mupdf-tools clang-format curl jq
  clang-14 libclang-rt-14-dev chromium procps
)

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# step LABEL COMMAND…: runs a command with its output in a log; a line every fifteen seconds shows how far it is.
# When it fails the end of its output is printed and the script stops.
step() {
  local label=$1 log pid started=$SECONDS shown=$SECONDS status=0
  shift
  mkdir -p "$cache/log"
  log=$cache/log/$(printf '%s' "$label" | tr -c 'A-Za-z0-9\n' '-').log
  say "$label …"
  "$@" >"$log" 2>&1 &
  pid=$!
  # What runs in the background of a script does not hear Ctrl-C by itself.
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - shown >= 15)); then
      shown=$SECONDS
      say "  $((SECONDS - started)) s: $(tail -n 1 "$log" | tr '\r' '\n' | tail -n 1 | cut -c 1-100)"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  if ((status != 0)); then
    tail -n 60 "$log" >&2
    die "$label failed (exit code $status); all of its output is in ${log#"$root"/}"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    die "needs root or sudo to run: $*"
  fi
}

# Prints those of the named Debian packages that are not installed.
missing_packages() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

install_now() {
  # Tests start a PostgreSQL server of their own in a directory of their own, so the package must not create one that
  # runs beside it. The setting is needed only while the package is being installed, and is taken away again.
  local setting=/etc/postgresql-common/createcluster.d/handoff.conf with_setting=no status=0
  if [[ " $* " == *" postgresql-15 "* ]]; then
    with_setting=yes
    as_root mkdir -p "${setting%/*}"
    echo "create_main_cluster = false" | as_root tee "$setting" >/dev/null
  fi
  as_root apt-get update && as_root apt-get install -y --no-install-recommends "$@" || status=$?
  if [ $with_setting = yes ]; then as_root rm -f "$setting"; fi
  return $status
}

# install build|test: the list's packages, only where one is missing.
install() {
  local missing
  case $1 in
    build) missing=$(missing_packages "${build_packages[@]}") ;;
    test) missing=$(missing_packages "${build_packages[@]}" "${test_packages[@]}") ;;
    # Another source of Node than Debian's brings npm in the same package, so the command is asked for and not a name.
    node) if command -v npm >/dev/null; then missing=""; else missing="nodejs npm"; fi ;;
  esac
  if [ -n "$missing" ]; then
    # A password is asked for now, not in the middle of a silent step.
    if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then sudo -v; fi
    # shellcheck disable=SC2086  # a list of words
    step "Installing $(wc -w <<<"$missing") Debian packages for $1" install_now $missing
  fi
}

# Puts a current Node and the tools of FOLDER/package.json into .cache/NAME and first in PATH. Debian's own Node is too
# old for some of them, so it only serves to install a newer one from npm.
use_node_tools() {
  local folder=$1 place=$cache/$2
  install node
  if ! cmp -s "$folder/package-lock.json" "$place/installed.json"; then
    mkdir -p "$place"
    cp "$folder/package.json" "$folder/package-lock.json" "$place/"
    step "Installing Node tools of ${folder#"$root"/}" npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund --no-update-notifier
    cp "$folder/package-lock.json" "$place/installed.json"
  fi
  # Node is named where it lies: older npm loses its link when it leaves out the package of another processor.
  local processor=x64
  if [ "$(uname -m)" = aarch64 ]; then processor=arm64; fi
  export PATH=$place/node_modules/node-linux-$processor/bin:$place/node_modules/.bin:$PATH
}

# compile PRESET TESTS TARGET…: configures where needed and builds. A build folder that was once set up with tests keeps
# them, so that building the binary alone does not turn everything over.
compile() {
  local preset=$1 tests=$2 folder=$root/build
  shift 2
  if [ "$preset" != release ]; then folder=$root/build-$preset; fi
  if ! [ -f "$folder/build.ninja" ] || ! grep -q "^HANDOFF_TESTS:BOOL=$tests$" "$folder/CMakeCache.txt"; then
    if ! [ -f "$folder/build.ninja" ] || [ "$tests" = ON ]; then
      step "Configuring (${preset}, tests $tests)" cmake --preset "$preset" "-DHANDOFF_TESTS=$tests"
    fi
  fi
  step "Building ($preset, $(nproc) jobs)" ninja -C "$folder" -j "$(nproc)" "$@"
}
