/* SPDX-License-Identifier: MIT */
#include "nat/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>

#include "process/capability.h"

int nat_caps_explain(const char *backend, int needs_raw, struct err *err)
{
	bool admin = capability_have(CAP_NET_ADMIN);
	bool raw = !needs_raw || capability_have(CAP_NET_RAW);
	if (admin && raw)
		return err_set(err, -EPERM,
			       "the kernel does not let us change NAT by %s, although we have the "
			       "capabilities for it: the network namespace belongs to another user "
			       "namespace, or a security module forbids it",
			       backend);
	return err_set(err, -EPERM,
		       "cannot change NAT by %s: this needs the %s %s%s%s. Run as root, with "
		       "'AmbientCapabilities=' in the systemd unit, after 'setcap' on the program, "
		       "or with '--cap-add' for a container%s",
		       backend, !admin && !raw ? "capabilities" : "capability",
		       admin ? "" : "CAP_NET_ADMIN", !admin && !raw ? " and " : "",
		       raw ? "" : "CAP_NET_RAW",
		       admin ? ". nftables (nat.backend) needs CAP_NET_ADMIN only" : "");
}
