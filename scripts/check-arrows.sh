#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The include arrows of docs/architecture.md: dependencies point one way, pure files stay pure.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A may=(
	[lib]="lib"
	[net]="net lib"
	[bgp]="bgp net lib"
	[monitors]="monitors net lib"
	[nat]="nat net lib"
	[consul]="consul net lib"
	[agent]="agent monitors bgp nat consul net lib"
)
# Pure: no fd, clock, log or global. They include lib/ and pure headers only.
pure="lib/err lib/bytes lib/addr lib/endpoint lib/mono lib/str lib/list lib/backoff lib/mem lib/hash
net/nladdr net/portset
bgp/config bgp/wire bgp/msg bgp/status bgp/codec bgp/open bgp/update bgp/attr bgp/aspath bgp/notify bgp/fsm
bgp/collision bgp/rib bgp/adj_out bgp/graceful bgp/merge
monitors/spec monitors/verdict monitors/sched monitors/load monitors/options monitors/dns_message
monitors/dns_data
nat/rules nat/diff nat/choice nat/status nat/attrs nat/xtentry nat/nftmsg nat/ctmsg
consul/config consul/settings consul/payload consul/plan consul/state
agent/consul_app agent/monitor_policy agent/view_consul agent/config_check_agent
agent/app_spec agent/register_params agent/state_lines agent/community agent/state_spec agent/config agent/config_tree agent/config_yaml agent/config_types agent/config_schema agent/config_schema_apps
agent/config_build agent/config_check agent/config_check_apps agent/config_check_states agent/drain agent/config_findings agent/config_doc
agent/cli agent/drift agent/policy agent/contest agent/route agent/reconcile_counts agent/registry_counts agent/capabilities agent/view_capabilities agent/readiness agent/status_line agent/view_state agent/view agent/view_json agent/view_peer agent/view_graceful agent/metrics"
impure='^#include <(systemd|sys/epoll|sys/signalfd|sys/wait|unistd|fcntl|curl|microhttpd)[/.]|clock_gettime\(|gettimeofday\(|[^_a-z]time\('

bad=0
complain() {
	echo "$1: includes $2: $3" >&2
	bad=1
}
is_pure() { [[ " ${pure//$'\n'/ } " == *" $1 "* ]]; }

for file in */*.[ch]; do
	room=${file%%/*}
	[[ -v may[$room] ]] || continue
	while read -r included; do
		[[ " ${may[$room]} " == *" ${included%%/*} "* ]] ||
			complain "$file" "$included" "$room/ may include ${may[$room]} only"
		if is_pure "${file%.*}" && ! is_pure "${included%.*}"; then
			complain "$file" "$included" "a pure file includes pure headers only"
		fi
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
	if is_pure "${file%.*}" && hit=$(grep -nE "$impure" "$file"); then
		complain "$file" "$hit" "a pure file has no fd, clock or loop"
	fi
done
[ "$bad" = 0 ] && echo "include arrows: ok"
exit "$bad"
