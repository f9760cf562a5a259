/* SPDX-License-Identifier: MIT */
/* The choice of the back end, by configuration or by the host. Pure. */
#ifndef NAT_CHOICE_H
#define NAT_CHOICE_H

enum nat_choice { NAT_AUTO, NAT_IPTABLES, NAT_NFTABLES };

/* Whether some table of legacy iptables exists. Only root may know. */
enum nat_legacy { NAT_LEGACY_UNUSED, NAT_LEGACY_USED, NAT_LEGACY_UNSEEN };

/* `lacks`: the kernel refused this one before, as something is missing (NAT_AUTO: none did).
 * Returns NAT_IPTABLES or NAT_NFTABLES, and in *ret_why a sentence for the log. */
enum nat_choice nat_choose(enum nat_choice wish, enum nat_legacy legacy, enum nat_choice lacks,
			   const char **ret_why);

#endif
