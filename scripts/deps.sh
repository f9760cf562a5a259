#!/bin/bash
# Installs what building, testing and linting vipherald needs. Nothing is done when nothing is
# missing, so the Makefile may call it every time.
#
#   scripts/deps.sh build   compiler and libraries
#   scripts/deps.sh test    build + pytest + the routers and the Consul that the tests talk to
#   scripts/deps.sh lint    build + formatters and static checkers
#
# The routers (FRR, BIRD, GoBGP, OpenBGPD, ExaBGP) are never installed: their packages enable and
# start services, and this machine may run a bird of its own. Their packages are only downloaded and
# unpacked below .deps/peers, from where the tests run them in network namespaces. So is Consul's,
# below .deps/consul.
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

# One a line: the routers and what they need that this machine does not have.
peers_with_dependencies() {
	local package
	printf '%s\n' "${peer_packages[@]}"
	for package in "${peer_packages[@]}"; do
		apt-get -s -q install --no-install-recommends "$package" | awk '/^Inst / {print $2}'
	done
}

unpack_peers() {
	local stamp=$peers_dir.stamp want archives packages deb
	want="$(. /etc/os-release && echo "$ID $VERSION_ID") $(dpkg --print-architecture) $(
		cksum <"${BASH_SOURCE[0]}")"
	[[ -f $stamp && $(<"$stamp") == "$want" ]] && return

	for deb in "${peer_packages[@]}"; do
		has_candidate "$deb" && continue
		update_lists_once || die "no package source offers $deb: run 'apt-get update' as root"
		has_candidate "$deb" || die "no package source of this machine offers $deb" \
			"(on Ubuntu it is in 'universe': add-apt-repository universe)"
	done
	packages=$(peers_with_dependencies | sort -u) ||
		die "apt-get cannot resolve the routers' dependencies"

	archives=$root/.deps/archives
	rm -rf "$peers_dir" "$archives"
	mkdir -p "$peers_dir" "$archives"
	printf 'deps.sh: downloading (not installing) %s\n' "$(tr '\n' ' ' <<<"$packages")"
	download() {
		# shellcheck disable=SC2086 # one word per package
		(cd "$archives" && apt-get download -q -o APT::Sandbox::User=root $packages)
	}
	download || { update_lists_once && download; } ||
		die "apt-get download failed; if the package lists are old, run 'apt-get update' as root"
	for deb in "$archives"/*.deb; do
		dpkg -x "$deb" "$peers_dir"
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

# Debian 12 has no consul; Debian 11's runs on it. apt is shown that one suite in a world of its
# own, so that the machine's sources, lists and packages stay as they are.
download_consul_of_bullseye() {
	local world=$1 uri options
	uri=$(own_archive "$(. /etc/os-release && echo "${VERSION_CODENAME-}")")
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

command -v apt-get >/dev/null || die "this script knows Debian and Ubuntu only. Needed:" \
	"${build_packages[*]} ${test_packages[*]} ${lint_packages[*]} ${peer_packages[*]}"

case ${1-} in
build)
	install_missing "${build_packages[@]}"
	;;
test)
	install_missing "${build_packages[@]}" "${test_packages[@]}"
	install_missing "$(clang_runtime_package)"
	unpack_peers
	unpack_consul
	;;
lint)
	install_missing "${build_packages[@]}" "${lint_packages[@]}"
	;;
*)
	die "usage: scripts/deps.sh build|test|lint"
	;;
esac
