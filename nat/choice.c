/* SPDX-License-Identifier: MIT */
#include "nat/choice.h"

/*
 * Legacy iptables only where its tables exist already: using it creates them, and then every packet
 * of the host passes them. Next to iptables-nft (Docker and others on a new system) our own
 * nftables table is one more in the same engine.
 */
enum nat_choice nat_choose(enum nat_choice wish, enum nat_legacy legacy, enum nat_choice lacks,
			   const char **ret_why)
{
	if (wish != NAT_AUTO) {
		*ret_why = "nat.backend is set";
		return wish;
	}
	if (lacks == NAT_NFTABLES) {
		*ret_why = "the kernel lacks support for NAT by nftables";
		return NAT_IPTABLES;
	}
	if (lacks == NAT_IPTABLES) {
		*ret_why = "the kernel lacks support for NAT by legacy iptables";
		return NAT_NFTABLES;
	}
	switch (legacy) {
	case NAT_LEGACY_USED:
		*ret_why = "legacy iptables is in use on this host";
		return NAT_IPTABLES;
	case NAT_LEGACY_UNUSED:
		*ret_why = "legacy iptables is not in use on this host";
		break;
	case NAT_LEGACY_UNSEEN:
		*ret_why =
			"only root can see whether legacy iptables is in use, and nftables works "
			"beside it";
		break;
	}
	return NAT_NFTABLES;
}
