#!/bin/sh
# Installs Sanad from the folder this script is in; nothing is fetched.
#
#   ./install.sh FOLDER                        into FOLDER/VERSION, with FOLDER/current pointing there
#   PYTHON=/opt/python/bin/python3.11 ./install.sh FOLDER
set -eu

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

[ $# -eq 1 ] || fail "name the folder to install into: ./install.sh FOLDER"
case $1 in /*) target=$1 ;; *) target=$PWD/$1 ;; esac
cd "$(dirname "$0")"
PYTHON=${PYTHON:-python3}

# First of all that this is what was shipped: every file, by its checksum.
said=$(sha256sum --check --strict --quiet SHA256SUMS 2>&1) ||
  fail "this bundle is damaged or was changed; unpack it anew ($(echo "$said" | head -n 1))"
# shellcheck source=/dev/null
. ./bundle.env

system=$(uname -sm)
[ "$system" = "$SYSTEM_IS" ] || fail "this bundle is for $SYSTEM_IS, and this machine is $system"
what='import platform as p; print(p.python_implementation(), ".".join(p.python_version_tuple()[:2]))'
python=$("$PYTHON" -c "$what" 2>/dev/null) ||
  fail "this bundle needs $PYTHON_IS, and $PYTHON does not run; name one with PYTHON=/path/to/python"
[ "$python" = "$PYTHON_IS" ] ||
  fail "this bundle is for $PYTHON_IS, and $PYTHON is $python; name another with PYTHON=/path/to/python"
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || glibc="glibc 0"
[ "$(printf '%s\n' "$GLIBC_AT_LEAST" "${glibc#glibc }" | sort -V | head -n 1)" = "$GLIBC_AT_LEAST" ] ||
  fail "this bundle needs glibc $GLIBC_AT_LEAST or newer, and this machine has ${glibc#glibc }"

# Then the environment, whole or not at all.
into=$target/$VERSION
[ ! -e "$into" ] || fail "$into is there already; remove it, or install into another folder"
mkdir -p "$target" || fail "$target cannot be made"
done=''
trap '[ -n "$done" ] || rm -rf "$into"' EXIT
trap 'exit 130' INT TERM HUP
"$PYTHON" -m venv --without-pip "$into" || fail "$PYTHON lacks its venv module, which some systems package apart"
pip() { # ours, run from its wheel: the environment keeps none
  "$into/bin/python" "wheels/$PIP_WHEEL/pip" --isolated --disable-pip-version-check "$@"
}
pip install --quiet --no-cache-dir --no-index --find-links wheels --require-hashes -r requirements.lock ||
  fail "what the lock pins could not all be installed"
pip install --quiet --no-cache-dir --no-index --no-deps "wheels/$SANAD_WHEEL" || fail "Sanad itself could not be installed"
[ "$("$into/bin/sanad" --version)" = "$VERSION" ] || fail "what was installed does not run"
cp -R seeds "$into/seeds"
ln -sfn "$VERSION" "$target/.next"
mv -T "$target/.next" "$target/current"
done=1

cat <<END
Sanad $VERSION is in $into. To see it answer from the five articles that come with it:
  $target/current/bin/sanad sync $target/current/seeds
  $target/current/bin/sanad serve
END
