/* SPDX-License-Identifier: MIT */
/*
 * Whether a socket of this host takes what NAT rules send to the host's own addresses. Where none
 * does, the VIP is announced and its connections are refused.
 *
 * A hint: a packet filter, eBPF or IPVS may take the packets all the same, and a mapping to the
 * same port leaves them to the rules of others first (nat_rule.behind), a container's published
 * port.
 */
#ifndef AGENT_VIP_NAT_SERVED_H
#define AGENT_VIP_NAT_SERVED_H

#include <systemd/sd-event.h>

#include "agent/vip/vip.h"
#include "lib/mono.h"
#include "nat/nat.h"

enum nat_served {
	NAT_SERVED_UNKNOWN, /* the target is not on this host, the kernel cannot tell, or it was
			     * asked a few hundred times already */
	NAT_SERVED,
	NAT_NOT_SERVED,
};

/* Asks the kernel; remembers the last answer only. */
struct nat_served_asker {
	struct sockdiag *diag; /* NULL: not needed yet */
	struct nat_rule last;
	enum nat_served answer;
	unsigned cost; /* of what the kernel was asked */
};
enum nat_served nat_served_ask(struct nat_served_asker *a, const struct nat_rule *r);
void nat_served_done(struct nat_served_asker *a);

/* Logs the rules of a VIP whose target nothing serves, a few VIPs a minute. */
struct nat_served_log {
	mono_t since;
	unsigned n;
};
void nat_served_log(struct nat_served_log *l, const struct nat *nat, const struct prefix *vip,
		    mono_t now);

/* VIPs that are announced as up with a rule that nothing serves, mappings to the same port left
 * out. */
struct nat_dead {
	size_t n;
	struct nat_rule first;
};

/* Looks at all of them, over many turns of the loop; only while the result is asked for. */
struct nat_served_census;

/* `reconcile` and `nat` must outlive it. */
struct nat_served_census *nat_served_census_new(sd_event *loop, struct reconcile *reconcile,
						const struct nat *nat);
void nat_served_census_free(struct nat_served_census *c);
/* As of the last look, which is a second old where one second suffices; has them looked at
 * again. */
const struct nat_dead *nat_served_dead(struct nat_served_census *c);

#endif
