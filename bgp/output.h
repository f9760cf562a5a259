/* SPDX-License-Identifier: MIT */
/* Which UPDATEs are sent to peers at present. */
#ifndef BGP_OUTPUT_H
#define BGP_OUTPUT_H

enum bgp_output {
	BGP_OUTPUT_ALL,
	/* Only withdrawals of routes that are gone, or have no next hop any more: no announcement,
	 * no withdrawal because a filter or an aggregate now says so, no marker. */
	BGP_OUTPUT_WITHDRAWALS,
	/* Likewise, and aggregates stay: what they stood for is not announced yet. */
	BGP_OUTPUT_CHANGING,
};

#endif
