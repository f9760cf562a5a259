#!/bin/bash
# SPDX-License-Identifier: MIT
# make image: builds the container image with the engine at hand.
#
#   scripts/image.sh NAME:TAG [OPTION OF THE BUILD…]
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
shift

# docker may be there without a daemon to do the work. podman's own image format has no HEALTHCHECK.
if docker info >/dev/null 2>&1; then
	build=(docker build)
elif command -v podman >/dev/null; then
	build=(podman build --format docker)
elif command -v buildah >/dev/null; then
	build=(buildah build --format docker)
else
	echo "image.sh: no docker (with a running daemon), podman or buildah on this machine" >&2
	exit 1
fi
echo "${build[*]} --tag $name"
exec "${build[@]}" --tag "$name" "$@" .
