/* SPDX-License-Identifier: MIT */
/* GET /v1/nat, and the NAT of an app: the back end and its rules. */
#ifndef AGENT_STATUS_VIEW_NAT_H
#define AGENT_STATUS_VIEW_NAT_H

#include <jansson.h>

#include "agent/app/registry.h"
#include "agent/status/status_sources.h"
#include "agent/status/stream.h"
#include "nat/rules.h"
#include "nat/status.h"

/* {"vip", "protocol", "listen", "to", "present"} */
json_t *view_nat_rule(const struct nat_rule *r, bool present);
/* All but the rules. */
json_t *view_nat_status(const struct nat_status *s);
/* null for an app without NAT. Its rules have "socket" as well: whether one takes what they
 * send. */
json_t *view_nat_of_app(const struct status_sources *in, const struct app *app);
/* The status, and "rules": [ … ] as they are at the time of the call. */
struct stream *view_nat(const struct status_sources *in);

#endif
