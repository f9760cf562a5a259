#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make demo: the main job in two network namespaces, a host and its router, with nothing but
# vipherald itself: `vipherald listen` is the router's side. Nothing of this machine is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
	echo "The demo makes network namespaces of its own, which needs root: using sudo."
	exec sudo "$0" "$@"
fi

binary=$PWD/build/vipherald
host=vipherald-demo-host-$$ router=vipherald-demo-router-$$
dir=$(mktemp -d)
pids=()

finish() {
	local status=$?
	set +e
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
	ip netns del "$host" 2>/dev/null
	ip netns del "$router" 2>/dev/null
	if [ "$status" != 0 ]; then
		echo "The demo failed. The agent's log:" >&2
		cat "$dir/agent.log" >&2
	fi
	rm -rf "$dir"
	exit "$status"
}
trap finish EXIT

# Bold on a terminal only.
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; else bold='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() {
	echo "  $ $*"
	"$@" | sed 's/^/    /'
}
# Follows the router's log from line $seen on until a line matches; prints what came, marked. One
# program reads the file each time: a reader that has enough would end the one before it by SIGPIPE.
router_says() {
	local pattern=$1 n came
	for _ in $(seq 200); do
		n=$(wc -l <"$dir/router.log")
		came=$([ "$n" = "$seen" ] || sed -n "$((seen + 1)),${n}p" "$dir/router.log")
		if grep -q -- "$pattern" <<<"$came"; then
			sed 's/^/    router | /' <<<"$came"
			seen=$n
			return
		fi
		sleep 0.05
	done
	echo "the router did not see '$pattern' within 10 s" >&2
	cat "$dir/router.log" >&2
	return 1
}
seen=0

ip netns add "$host"
ip netns add "$router"
ip -n "$host" link add uplink type veth peer name downlink netns "$router"
ip -n "$host" addr add 10.99.0.2/24 dev uplink
ip -n "$host" addr add 2001:db8:99::2/64 dev uplink nodad
ip -n "$router" addr add 10.99.0.1/24 dev downlink
for ns in "$host" "$router"; do ip -n "$ns" link set lo up; done
ip -n "$host" link set uplink up
ip -n "$router" link set downlink up

cat >"$dir/config.yaml" <<'YAML'
agent:
  listen_addr: 127.0.0.1:8080
  monitor_interval: 200ms
  state_file: off
bgp:
  local_as: 65001
  communities: [ "65001:1" ]
  peers:
    - peer_ip: 10.99.0.1
      peer_as: 65000
apps:
  - name: dns
    vip: [ 192.0.2.53/32, "2001:db8::53/128" ]
    vip_config: { bgp_communities: [ "65001:53" ] }
    monitors: [ "port:tcp:53" ]
YAML

# A small service: something that listens on TCP port 53, for both families.
start_service() {
	ip netns exec "$host" perl -MIO::Socket::IP -e '
		my $s = IO::Socket::IP->new(LocalHost => "::", LocalPort => 53, Listen => 5, ReuseAddr => 1,
			V6Only => 0) or die $@;
		while (my $c = $s->accept) { close $c }' &
	service=$!
	pids+=("$service")
}

say "1. A router (vipherald listen) and a host (vipherald) come up; the service does not run yet."
ip netns exec "$router" "$binary" listen 10.99.0.1:179 --as 65000 >"$dir/router.log" 2>&1 &
pids+=("$!")
sed 's/^/    config | /' "$dir/config.yaml"
ip netns exec "$host" "$binary" -config="$dir/config.yaml" 2>"$dir/agent.log" &
agent=$!
pids+=("$agent")
router_says " up,"

say "2. The service starts: both VIPs are bound to lo and announced."
start_service
router_says "+ 2001:db8::53/128"
show ip -n "$host" -brief address show dev lo

say "3. The service is killed: the routes are withdrawn."
kill -9 "$service" && wait "$service" 2>/dev/null || true
router_says "- 2001:db8::53/128"

say "4. The service is back: announced again."
start_service
router_says "+ 2001:db8::53/128"

say "5. The agent is stopped: it withdraws, unbinds and closes the session."
kill -TERM "$agent"
wait "$agent"
router_says " down"
show ip -n "$host" -brief address show dev lo

say "That was the agent's own log of it:"
sed 's/^/    agent | /' "$dir/agent.log"
