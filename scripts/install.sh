#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make install and make uninstall. One list names the installed files, so that the two agree.
#
#   scripts/install.sh install|uninstall
#
# From the environment: DESTDIR (empty: the running system), PREFIX, SYSCONFDIR, BUILD, VERSION.
# Nothing is enabled or started, no user is made: systemd does that when it is told to.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local} etc=${SYSCONFDIR:-/etc} root=${DESTDIR:-}
bin=$prefix/bin doc=$prefix/share/doc/vipherald
config=$etc/vipherald/config.yaml

# One a line: mode, source, target. A source that ends in .in is filled in.
list() {
	cat <<-END
		755 ${BUILD:-build}/vipherald $bin/vipherald
		644 dist/vipherald.service.in $prefix/lib/systemd/system/vipherald.service
		644 dist/vipherald.sysusers $prefix/lib/sysusers.d/vipherald.conf
		644 dist/vipherald.1.in $prefix/share/man/man1/vipherald.1
		644 dist/vipherald.yaml.5.in $prefix/share/man/man5/vipherald.yaml.5
		644 dist/vipherald.8.in $prefix/share/man/man8/vipherald.8
		644 config.example.yaml $doc/config.example.yaml
		644 README.md $doc/README.md
		644 CHANGELOG.md $doc/CHANGELOG.md
		644 SECURITY.md $doc/SECURITY.md
		644 LICENSE $doc/LICENSE
	END
	local page
	for page in docs/*.md docs/decisions/*.md docs/pictures/*; do
		echo "644 $page $doc/$page"
	done
}

filled_in() {
	sed -e "s|@BINDIR@|$bin|g" -e "s|@SYSCONFDIR@|$etc|g" -e "s|@DOCDIR@|$doc|g" \
		-e "s|@VERSION@|${VERSION:-}|g" "$1"
}

install_one() {
	local mode=$1 source=$2 target=$root$3 tmp
	if [[ $source == *.in ]]; then
		tmp=$(mktemp)
		filled_in "$source" >"$tmp"
		install -D -m "$mode" "$tmp" "$target"
		rm -f "$tmp"
	else
		install -D -m "$mode" "$source" "$target"
	fi
	echo "  $target"
}

# It may hold passwords and tokens: for root and the group of the service only.
install_config() {
	install_one 640 config.example.yaml "$config"
	[[ -n $root ]] || ! getent group vipherald >/dev/null || chgrp vipherald "$config"
}

do_install() {
	local mode source target
	while read -r mode source target; do
		install_one "$mode" "$source" "$target"
	done < <(list)
	if [[ -e $root$config || -L $root$config ]]; then
		echo "  $root$config is there and stays as it is"
	else
		install_config
	fi
	[[ -n $root ]] || cat <<-END
		Next: write $config, check it with '$bin/vipherald check $config', then
		    systemd-sysusers && chgrp vipherald $config && systemctl daemon-reload && systemctl enable --now vipherald
	END
}

# Directories are removed only when they are empty.
remove_empty() {
	local dir
	for dir in "$@"; do
		[[ ! -d $root$dir ]] || rmdir --ignore-fail-on-non-empty "$root$dir"
	done
}

do_uninstall() {
	local mode source target
	# A configuration that was never edited is still the example.
	if cmp -s "$root$config" "$root$doc/config.example.yaml"; then
		rm -f "$root$config"
	elif [[ -e $root$config ]]; then
		echo "  $root$config stays, and so does /var/lib/vipherald"
	fi
	while read -r mode source target; do
		rm -f "$root$target"
	done < <(list)
	remove_empty "$doc/docs/decisions" "$doc/docs/pictures" "$doc/docs" "$doc" "$etc/vipherald"
}

case ${1-} in
install) do_install ;;
uninstall) do_uninstall ;;
*)
	echo "usage: scripts/install.sh install|uninstall" >&2
	exit 2
	;;
esac
