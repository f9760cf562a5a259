#!/bin/bash
# Installs what building, testing and linting vipherald needs. Nothing is done when nothing is
# missing, so the Makefile may call it every time.
#
#   scripts/deps.sh build      compiler and libraries
#   scripts/deps.sh test       build + pytest + the routers and the Consul that the tests talk to
#   scripts/deps.sh container  the routers, a container engine, a base image of Debian's packages
#   scripts/deps.sh lint       build + formatters and static checkers
#
# The routers (FRR, BIRD, GoBGP, OpenBGPD, ExaBGP) are never installed: their packages enable and
# start services, and this machine may run a bird of its own. Their packages are only downloaded and
# unpacked below .deps/peers, from where the tests run them in network namespaces. So is Consul's,
# below .deps/consul, and the container engine below .deps/container.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
peers_dir=$root/.deps/peers

build_packages=(gcc clang make pkg-config libsystemd-dev libmicrohttpd-dev libyaml-dev libmnl-dev
	libjansson-dev libiptc-dev libcmocka-dev uthash-dev libcurl4-openssl-dev iproute2)
# The service of nftables is off as installed, and iptables has none.
# systemd for systemd-analyze: it is installed, not started.
test_packages=(python3 python3-pytest python3-pytest-xdist iptables nftables openssl systemd)
lint_packages=(clang-format clang-tidy cppcheck)
peer_packages=(frr bird2 gobgpd openbgpd exabgp)
engine_packages=(podman buildah crun conmon)

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

# As root, or through sudo when that works without or with somebody there to type a password.
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
	update_lists_once &&
		as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -q --no-install-recommends "${missing[@]}" || rc=$?
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

# One a line: the packages and what they need that this machine does not have.
with_dependencies() {
	local package
	printf '%s\n' "$@"
	for package in "$@"; do
		apt-get -s -q install --no-install-recommends "$package" | awk '/^Inst / {print $2}'
	done
}

# unpack DIR PACKAGE…: once for each system and each version of this script.
unpack() {
	local dir=$1 stamp=$1.stamp want archives packages deb
	shift
	want="$(. /etc/os-release && echo "$ID $VERSION_ID") $(dpkg --print-architecture) $(
		cksum <"${BASH_SOURCE[0]}")"
	[[ -f $stamp && $(<"$stamp") == "$want" ]] && return

	for deb in "$@"; do
		has_candidate "$deb" && continue
		update_lists_once || die "no package source offers $deb: run 'apt-get update' as root"
		has_candidate "$deb" || die "no package source of this machine offers $deb" \
			"(on Ubuntu it is in 'universe': add-apt-repository universe)"
	done
	packages=$(with_dependencies "$@" | sort -u) ||
		die "apt-get cannot resolve what $* depend on"

	archives=$root/.deps/archives
	rm -rf "$dir" "$archives"
	mkdir -p "$dir" "$archives"
	printf 'deps.sh: downloading (not installing) %s\n' "$(tr '\n' ' ' <<<"$packages")"
	download() {
		# shellcheck disable=SC2086 # one word per package
		(cd "$archives" && apt-get download -q -o APT::Sandbox::User=root $packages)
	}
	download || { update_lists_once && download; } ||
		die "apt-get download failed; if the package lists are old, run 'apt-get update' as root"
	for deb in "$archives"/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -rf "$archives"
	echo "$want" >"$stamp"
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

# Debian 12 has no consul; Debian 11's runs on it. apt is shown that one suite in a world of its
# own, so that the machine's sources, lists and packages stay as they are.
download_consul_of_bullseye() {
	local world=$1 uri options
	uri=$(own_debian)
	[[ -n $uri ]] || die "no consul: neither the machine's package sources nor Debian 11 offer it"
	mkdir -p "$world/lists/partial" "$world/cache/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri bullseye main" \
		>"$world/sources.list"
	options=(-q -o Dir::Etc::SourceList="$world/sources.list" -o Dir::Etc::SourceParts=-
		-o Dir::State::Lists="$world/lists" -o Dir::Cache="$world/cache"
		-o APT::Sandbox::User=root)
	apt-get "${options[@]}" update && (cd "$world" && apt-get "${options[@]}" download consul)
}

# Unpacked, not installed: the package would start a service.
unpack_consul() {
	local dir=$root/.deps/consul world=$root/.deps/archives
	[[ -x $dir/usr/bin/consul ]] && return
	rm -rf "$world"
	mkdir -p "$world"
	echo "deps.sh: downloading (not installing) consul"
	if has_candidate consul; then
		(cd "$world" && apt-get download -q -o APT::Sandbox::User=root consul)
	else
		download_consul_of_bullseye "$world"
	fi || die "consul could not be downloaded (see above)"
	mkdir -p "$dir"
	dpkg -x "$world"/consul_*.deb "$dir"
	rm -rf "$world"
}

# What stands for docker.io/library/debian:bookworm-slim in the tests: made from Debian's packages,
# from where this machine gets its own, and with apt's settings of this machine (a proxy, say), so
# that no registry is needed. Like the original it has no documentation and no package lists.
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
	"${build_packages[*]} ${test_packages[*]} ${lint_packages[*]} ${peer_packages[*]}"

case ${1-} in
build)
	install_missing "${build_packages[@]}"
	;;
test)
	install_missing "${build_packages[@]}" "${test_packages[@]}"
	install_missing "$(clang_runtime_package)"
	unpack "$peers_dir" "${peer_packages[@]}"
	unpack_consul
	;;
container)
	# debootstrap is a script; it is installed, the engine is not.
	install_missing "${test_packages[@]}" debootstrap
	unpack "$peers_dir" "${peer_packages[@]}"
	mkdir -p "$root/.deps/container"
	unpack "$root/.deps/container/engine" "${engine_packages[@]}"
	make_base
	;;
lint)
	install_missing "${build_packages[@]}" "${lint_packages[@]}"
	;;
*)
	die "usage: scripts/deps.sh build|test|container|lint"
	;;
esac
