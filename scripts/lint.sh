#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make lint: form, arrows and static analysis. $1: the compiler flags.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files '*.c' '*.h')

clang-format --dry-run -Werror "${sources[@]}"
! git grep -nE "^ \*[A-Za-z]" -- "*.c" "*.h" || { echo "a space is missing behind the * of a comment" >&2; exit 1; }
# clang-format would reflow tables and pictures as well; those begin with a tab.
python3 - "${sources[@]}" <<'END'
import re, sys
long = [f"{name}:{n}: a comment of {len(line)} columns, the limit is 100"
        for name in sys.argv[1:] for n, line in enumerate(open(name).read().expandtabs(8).splitlines(), 1)
        if len(line) > 100 and re.match(r"\s*(/\*|\* \S)", line)]
sys.exit("\n".join(long) or 0)
END
echo "clang-format: ok"
# The namespace of SVG is a name.
! git grep -nE "https?:|//[a-z]+\\." -- agent/page | grep -v 'xmlns="http://www.w3.org/2000/svg"' ||
	{ echo "the page loads nothing from elsewhere" >&2; exit 1; }
scripts/check-includes

# One file a process: several at once share analyzer state and report what is not there.
# shellcheck disable=SC2086 # the flags are many words
git ls-files '*.c' | xargs -P "$(nproc)" -I{} clang-tidy --quiet --warnings-as-errors='*' {} -- $1 \
	2> >(grep -v 'warnings\? generated' >&2) || { echo "clang-tidy: see above" >&2; exit 1; }
echo "clang-tidy: ok"

cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --library=posix \
	--enable=warning,portability --suppress=missingIncludeSystem -I. -D_GNU_SOURCE \
	--library=scripts/cppcheck.cfg \
	lib process net bgp bfd monitors nat consul fleet agent
echo "cppcheck: ok"
