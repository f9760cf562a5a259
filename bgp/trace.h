/* SPDX-License-Identifier: MIT */
/* A message in one line, for the log: "UPDATE + 192.0.2.1/32 192.0.2.2/32 next-hop 10.0.0.1".
 * Pure. */
#ifndef BGP_TRACE_H
#define BGP_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "bgp/msg.h"

#define BGP_TRACE_MAX 512

/* `message` with its header, as it is on the wire. `params` for UPDATEs. Returns buf. */
char *bgp_trace_text(const uint8_t *message, size_t size, const struct bgp_update_params *params,
		     char buf[static BGP_TRACE_MAX]);

#endif
