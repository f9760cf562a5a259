#!/bin/bash
# Installs what building, testing and linting vipherald needs. Nothing is done when nothing is
# missing, so the Makefile may call it every time.
#
#   scripts/deps.sh build      compiler and libraries
#   scripts/deps.sh test       build + pytest + the routers, Consul, Prometheus, ifupdown2 and browser of the tests
#   scripts/deps.sh browser    the browser alone
#   scripts/deps.sh axe        axe-core alone, which looks for barriers in the page; by npm
#   scripts/deps.sh container  the routers, a container engine, a base image of Debian's packages
#   scripts/deps.sh kernels SUITE…  kernels of Debian releases, and qemu to boot them
#   scripts/deps.sh lint       build + formatters and static checkers
#   scripts/deps.sh list peers|browser|prometheus|ifupdown|engine|qemu…  prints what would be unpacked
#
# The routers (FRR, BIRD, GoBGP, OpenBGPD, ExaBGP) are never installed: their packages enable and
# start services, and this machine may run a bird of its own. Their packages are only downloaded and
# unpacked below .deps/peers, from where the tests run them in network namespaces. So is Consul's,
# below .deps/consul, ifupdown2 below .deps/ifupdown, the browser (Chromium, 700 MB) below .deps/browser, axe-core below .deps/axe, the container engine below
# .deps/container, and the kernels and qemu below .deps/kernels and .deps/qemu. Which packages that
# takes does not depend on what is installed.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
peers_dir=$root/.deps/peers
qemu_dir=$root/.deps/qemu
browser_dir=$root/.deps/browser

build_packages=(gcc clang make pkg-config libsystemd-dev libmicrohttpd-dev libgnutls28-dev
	libyaml-dev libmnl-dev libjansson-dev libiptc-dev libseccomp-dev libcmocka-dev uthash-dev
	libcurl4-openssl-dev libncurses-dev iproute2)
# The service of nftables is off as installed, and iptables has none.
# systemd for systemd-analyze: it is installed, not started.
# dbus-daemon is the program alone, without a service.
test_packages=(python3 python3-pytest python3-pytest-xdist iptables nftables openssl systemd dbus-daemon)
lint_packages=(clang-format clang-tidy cppcheck)
peers_packages=(frr bird2 gobgpd openbgpd exabgp)
# It needs a font.
browser_packages=(chromium fonts-dejavu-core)
# promtool, which checks metrics and alerts, and the server for the queries of the dashboards.
prometheus_packages=(prometheus)
# Gives and takes addresses beside the agent; its service is not wanted, its programs are.
ifupdown_packages=(ifupdown2)
axe_version=4.14.1
engine_packages=(podman buildah crun conmon)
# Boots the kernels. busybox and kmod load what is needed to reach the root file system.
qemu_packages=(busybox-static kmod)
case $(dpkg --print-architecture 2>/dev/null) in
arm64) qemu_packages+=(qemu-system-arm) ;;
*) qemu_packages+=(qemu-system-x86) ;;
esac

die() {
	printf 'deps.sh: %s\n' "$@" >&2
	exit 1
}

is_installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

has_candidate() {
	[[ $(apt-cache policy "$1" 2>/dev/null) =~ Candidate:\ [^\(] ]]
}

# As root, or through sudo: without a password, or with a terminal to ask for it.
as_root() {
	if ((EUID == 0)); then
		"$@"
	elif sudo -n true 2>/dev/null || { [[ -t 0 ]] && command -v sudo >/dev/null; }; then
		sudo "$@"
	else
		return 77
	fi
}

lists_are_fresh=
update_lists_once() {
	[[ -n $lists_are_fresh ]] && return
	as_root apt-get update -q || return
	lists_are_fresh=yes
}

install_missing() {
	local missing=() package rc=0
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	((${#missing[@]})) || return 0

	printf 'deps.sh: installing %s\n' "${missing[*]}"
	# A machine that has just come up may be at its own updates.
	update_lists_once &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
			install -y -q --no-install-recommends "${missing[@]}" || rc=$?
	((rc == 0)) && return
	((rc == 77)) && die "these packages are missing: ${missing[*]}" \
		"installing them needs root, and neither root nor sudo is at hand. Run as root:" \
		"    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
	die "apt-get could not install ${missing[*]} (exit status $rc, see above)"
}

# The sanitizer and fuzzer runtimes of clang: a package of their own, named after clang's version,
# except where (older Ubuntu) libclang-common has them.
clang_runtime_package() {
	local major name
	major=$(clang -dumpversion | cut -d. -f1)
	name=libclang-rt-$major-dev
	if is_installed "$name" || has_candidate "$name"; then
		echo "$name"
	else
		echo "libclang-common-$major-dev"
	fi
}

# World: apt with a package status, caches and, for another suite, sources of its own, so that the
# machine's stay as they are. In the words of apt, nothing is installed there.
make_world() {
	local world=$1
	rm -rf "$world"
	mkdir -p "$world/cache/archives/partial" "$world/lists/partial"
	: >"$world/status"
}

# in_world DIR apt-get|apt-cache ARGUMENT…
in_world() {
	local world=$1 tool=$2 options
	shift 2
	options=(-q -o Dir::State::status="$world/status" -o Dir::Cache="$world/cache"
		-o Dir::Cache::pkgcache="$world/cache/pkgcache.bin"
		-o Dir::Cache::srcpkgcache="$world/cache/srcpkgcache.bin"
		-o Dir::State::extended_states="$world/extended_states" -o APT::Sandbox::User=root)
	[[ -f $world/sources.list ]] && options+=(-o Dir::Etc::SourceList="$world/sources.list"
		-o Dir::Etc::SourceParts=- -o Dir::State::Lists="$world/lists")
	"$tool" "${options[@]}" "$@"
}

# The packages an empty system gets with these, one a line. They are never installed, so they may
# conflict with one another: then each is resolved by itself.
closure() {
	local world=$1 package
	shift
	resolve() {
		in_world "$world" apt-get -s install --no-install-recommends "$@"
	}
	{
		resolve "$@" 2>/dev/null || for package in "$@"; do
			resolve "$package" || die "apt-get cannot resolve what $package depends on" >&2
		done
	} | awk '/^Inst / {print $2}' | sort -u
}

essential_packages() {
	in_world "$1" apt-cache dumpavail | awk -v RS= '/\nEssential: yes/ {print $2}'
}

# Made once for a world: what a Debian has on which the tests can run at all.
base_of() {
	local world=$1 base
	[[ -f $world/base ]] && return
	# A simulation would not keep the cache that it makes.
	in_world "$world" apt-cache gencaches >/dev/null
	# shellcheck disable=SC2046 # one word per package
	base=$(closure "$world" $(essential_packages "$world") "${test_packages[@]}") || return
	echo "$base" >"$world/base"
}

# The packages and what they need beyond that base. What else this machine happens to have does not
# matter: a router that is installed here is unpacked as well, and so are its libraries. The C
# library is never among them: it has to be the one of the machine's loader, and being of the same
# suite it is new enough for them.
packages_to_unpack() {
	local world=$1 wanted
	shift
	base_of "$world" || return
	wanted=$(closure "$world" "$@") || return
	comm -13 "$world/base" - <<<"$wanted"
}

offered() {
	local world=$1 package
	shift
	for package in "$@"; do
		[[ $(in_world "$world" apt-cache policy "$package") =~ Candidate:\ [^\(] ]] || return
	done
}

require_candidates() {
	local world=$1 package
	shift
	offered "$world" "$@" && return
	update_lists_once || die "no package source offers all of $*: run 'apt-get update' as root"
	for package in "$@"; do
		offered "$world" "$package" || die "no package source of this machine offers $package" \
			"(on Ubuntu it is in 'universe': add-apt-repository universe)"
	done
}

# unpack_downloaded DIR WORLD PACKAGE…
unpack_downloaded() {
	local dir=$1 world=$2 deb
	shift 2
	printf 'deps.sh: downloading (not installing) %s\n' "$*"
	mkdir -p "$dir" "$world/debs"
	download() {
		(cd "$world/debs" && in_world "$world" apt-get download "$@")
	}
	download "$@" || { [[ ! -f $world/sources.list ]] && update_lists_once && download "$@"; } ||
		die "apt-get download failed; if the package lists are old, run 'apt-get update' as root"
	for deb in "$world"/debs/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -rf "$world"
}

# unpack DIR PACKAGE…: once for each system and each version of this script.
unpack() {
	local dir=$1 stamp=$1.stamp world=$root/.deps/world want packages
	shift
	want="$(. /etc/os-release && echo "$ID $VERSION_ID") $(dpkg --print-architecture) $(
		cksum <"${BASH_SOURCE[0]}")"
	[[ -f $stamp && $(<"$stamp") == "$want" ]] && return

	make_world "$world"
	require_candidates "$world" "$@"
	packages=$(packages_to_unpack "$world" "$@") || exit
	rm -rf "$dir"
	# shellcheck disable=SC2086 # one word per package
	unpack_downloaded "$dir" "$world" $packages
	echo "$want" >"$stamp"
}

# Prints what `unpack` would unpack, and touches nothing: kind and package, one a line.
list_packages() {
	local world kind names packages
	world=$(mktemp -d)
	make_world "$world"
	for kind in "$@"; do
		[[ $kind =~ ^(peers|browser|prometheus|ifupdown|engine|qemu)$ ]] ||
			die "expected peers, browser, prometheus, ifupdown, engine or qemu, not '$kind'"
		declare -n names="${kind}_packages"
		packages=$(packages_to_unpack "$world" "${names[@]}") || exit
		while read -r name; do echo "$kind $name"; done <<<"$packages"
	done
	rm -rf "$world"
}

# Where the machine gets its own suite's main component from, as apt itself says it.
own_archive() {
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT) $(LABEL)' \
		'Created-By: Packages' | awk -v suite="$1" '$2 == suite && $3 == "main" && $4 == "Debian" {
			print $1; exit }'
}

own_debian() {
	own_archive "$(. /etc/os-release && echo "${VERSION_CODENAME-}")"
}

# One suite of Debian, from where the machine gets its own.
add_suite() {
	local world=$1 suite=$2 uri
	uri=$(own_debian)
	[[ -n $uri ]] || die "the package sources of this machine do not offer Debian, so Debian's" \
		"$suite cannot be found"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
		>"$world/sources.list"
	in_world "$world" apt-get update
}

# Unpacked, not installed: the package would start a service. Debian 12 has none; Debian 11's runs
# on it.
unpack_consul() {
	local dir=$root/.deps/consul world=$root/.deps/world
	[[ -x $dir/usr/bin/consul ]] && return
	make_world "$world"
	offered "$world" consul || add_suite "$world" bullseye
	unpack_downloaded "$dir" "$world" consul
}

# A package of npm, for the tests alone: one file, which the browser runs in the page.
unpack_axe() {
	local dir=$root/.deps/axe archive
	[[ -f $dir/$axe_version ]] && return
	command -v npm >/dev/null || install_missing npm
	rm -rf "$dir"
	mkdir -p "$dir"
	archive=$(cd "$dir" && npm pack --silent "axe-core@$axe_version") ||
		die "npm could not get axe-core $axe_version (see above)"
	tar -C "$dir" -xzf "$dir/$archive" --strip-components=1 package/axe.min.js package/LICENSE
	rm "$dir/$archive"
	touch "$dir/$axe_version"
}

# The kernel of one Debian release, unpacked below .deps/kernels/SUITE.
unpack_kernel() {
	local suite=$1 dir=$root/.deps/kernels/$1 world=$root/.deps/world meta packages release
	[[ -f $dir/release ]] && return
	meta=linux-image-$(dpkg --print-architecture)
	make_world "$world"
	add_suite "$world" "$suite"
	# The meta package names the kernel's own.
	packages=$(closure "$world" "$meta") || exit
	rm -rf "$dir"
	# shellcheck disable=SC2046 # one word per package
	unpack_downloaded "$dir" "$world" $(grep '^linux-image-[0-9]' <<<"$packages")
	release=$(cd "$dir"/boot && echo vmlinuz-*)
	release=${release#vmlinuz-}
	[[ -d $dir/lib ]] || ln -s usr/lib "$dir/lib"
	# The index of modules, which installing would have made.
	(exec -a depmod "$qemu_dir"/*bin/kmod -b "$dir" "$release")
	echo "$release" >"$dir/release"
}

# The tests' stand-in for docker.io/library/debian:bookworm-slim: made of Debian's packages, with
# the package sources and apt settings of this machine (a proxy, say), so that no registry is
# needed. Like the original it has no documentation and no package lists.
make_base() {
	local base=$root/.deps/container/base.tar tree=$root/.deps/container/base uri
	[[ -f $base ]] && return
	uri=$(own_debian)
	[[ -n $uri ]] || die "no base image: the machine's package sources do not offer Debian"
	echo "deps.sh: making a base image from Debian's packages"
	rm -rf "$tree"
	mkdir -p "$tree"
	as_root "$root/tests/container/sandbox" debootstrap --variant=minbase \
		--include=ca-certificates bookworm "$tree" "$uri" >"$tree.log" 2>&1 ||
		die "debootstrap could not make a base image, see $tree.log:" "$(tail -n 3 "$tree.log")"
	echo "deb $uri bookworm main" >"$tree/etc/apt/sources.list"
	apt-config dump Acquire >"$tree/etc/apt/apt.conf.d/99machine"
	tar -C "$tree" -c --exclude='./var/cache/*' --exclude='./var/lib/apt/lists/*' \
		--exclude='./var/log/*' --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' \
		--exclude='./usr/share/locale/*' -f "$base.new" .
	mv "$base.new" "$base"
	rm -rf "$tree" "$tree.log"
}

command -v apt-get >/dev/null || die "this script knows Debian and Ubuntu only. Needed:" \
	"${build_packages[*]} ${test_packages[*]} ${lint_packages[*]} ${peers_packages[*]}"

case ${1-} in
build)
	install_missing "${build_packages[@]}"
	;;
test)
	install_missing "${build_packages[@]}" "${test_packages[@]}"
	install_missing "$(clang_runtime_package)"
	unpack "$peers_dir" "${peers_packages[@]}"
	unpack "$browser_dir" "${browser_packages[@]}"
	unpack "$root/.deps/prometheus" "${prometheus_packages[@]}"
	unpack "$root/.deps/ifupdown" "${ifupdown_packages[@]}"
	unpack_axe
	unpack_consul
	;;
browser)
	unpack "$browser_dir" "${browser_packages[@]}"
	;;
axe)
	unpack_axe
	;;
container)
	# debootstrap is a script; it is installed, the engine is not.
	install_missing "${test_packages[@]}" debootstrap
	unpack "$peers_dir" "${peers_packages[@]}"
	mkdir -p "$root/.deps/container"
	unpack "$root/.deps/container/engine" "${engine_packages[@]}"
	make_base
	;;
kernels)
	shift
	unpack "$qemu_dir" "${qemu_packages[@]}"
	for suite in "$@"; do
		unpack_kernel "$suite"
	done
	;;
list)
	shift
	list_packages "$@"
	;;
lint)
	install_missing "${build_packages[@]}" "${lint_packages[@]}"
	;;
*)
	die "usage: scripts/deps.sh build|test|browser|axe|container|kernels|lint|list"
	;;
esac
