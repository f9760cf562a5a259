#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make lint: form, arrows and static analysis. $1: the compiler flags.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files '*.c' '*.h')
mapfile -t units < <(git ls-files '*.c')

clang-format --dry-run -Werror "${sources[@]}"
echo "clang-format: ok"
scripts/check-arrows.sh

# shellcheck disable=SC2086 # the flags are many words
printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet --warnings-as-errors='*' \
	2> >(grep -v 'warnings generated\|Suppressed\|Use -header-filter' >&2 || true) -- 2>/dev/null $1 \
	|| { echo "clang-tidy: failed, see above" >&2; exit 1; }
echo "clang-tidy: ok"

cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --library=posix \
	--enable=warning,portability --suppress=missingIncludeSystem \
	-I. -D_GNU_SOURCE lib net bgp monitors agent
echo "cppcheck: ok"
