/* SPDX-License-Identifier: MIT */
/*
 * Text of NOTIFICATIONs: names of IANA's registry of codes and subcodes, and the shutdown
 * communication (RFC 9003).
 */
#ifndef BGP_NOTIFY_H
#define BGP_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "bgp/msg.h"
#include "bgp/wire.h"

/* "Cease"; NULL for a code without a name. */
const char *bgp_error_name(uint8_t code);
/* "Administrative Shutdown"; NULL for a subcode without a name. */
const char *bgp_error_subcode_name(uint8_t code, uint8_t subcode);

#define BGP_NOTIFICATION_TEXT_MAX 512

/* One line: `Cease/Administrative Shutdown: "going home"`, `OPEN Message Error/Bad Peer AS`,
 * `UPDATE Message Error/Attribute Length Error (data 40 01 00)`. Cut at `size`, never with a
 * control character from the peer. Returns buf. */
char *bgp_notification_text(const struct bgp_notification *n, char *buf, size_t size);

#define BGP_SHUTDOWN_DATA_MAX (1 + BGP_SHUTDOWN_TEXT_MAX)

/* Cease with `subcode` (Administrative Shutdown or Reset) and a text for the operator of the other
 * side, cut at 255 bytes but not inside a character; NULL or "" for none. The data is built in
 * `data`, which must live as long as the result. */
struct bgp_notification bgp_notification_shutdown(enum bgp_error_cease subcode, const char *text,
						  uint8_t data[static BGP_SHUTDOWN_DATA_MAX]);

#define BGP_HARD_RESET_DATA_MAX (2 + BGP_SHUTDOWN_DATA_MAX)

/* Cease/Hard Reset around `why`, for a peer that keeps our routes over other NOTIFICATIONs and
 * is to drop them (RFC 8538 3.1). Data of `why` that does not fit is cut; the result points into
 * `data`. */
struct bgp_notification bgp_notification_hard_reset(const struct bgp_notification *why,
						    uint8_t data[static BGP_HARD_RESET_DATA_MAX]);

#endif
