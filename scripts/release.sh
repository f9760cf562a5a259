#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make release: the tarball of a version, when everything about that version agrees.
#
#   scripts/release.sh VERSION BUILD_DIR
#
# Tags nothing and publishes nothing; it says which commands do.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$1 build=$2
name=vipherald-$version

die() {
	printf 'release: %s\n' "$@" >&2
	exit 1
}

[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
	die "VERSION is '$version', expected MAJOR.MINOR.PATCH"
[[ -z $(git status --porcelain) ]] ||
	die "the work tree has changes, commit or stash them:" "$(git status --short)"
grep -q "^## $version\b" CHANGELOG.md ||
	die "CHANGELOG.md has no section '## $version': rename 'Unreleased' to it"
# Not grep -q: it would end sed by SIGPIPE at the first of many, which pipefail takes for none.
if sed -n '/^## Unreleased/,/^## [0-9]/p' CHANGELOG.md | grep '^- ' >/dev/null; then
	die "CHANGELOG.md still lists changes under 'Unreleased': move them to '## $version'"
fi
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null ||
	die "the tag v$version exists already: raise VERSION"

mkdir -p "$build"
git archive --prefix="$name/" -o "$build/$name.tar.gz" HEAD
(cd "$build" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "$build/$name.tar.gz"
cat "$build/$name.tar.gz.sha256"
echo "Next: git tag -s v$version && git push --tags"
