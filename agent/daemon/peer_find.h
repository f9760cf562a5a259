/* SPDX-License-Identifier: MIT */
/* Which peer is meant by the address, and perhaps the port, of a request. */
#ifndef AGENT_DAEMON_PEER_FIND_H
#define AGENT_DAEMON_PEER_FIND_H

#include <stddef.h>

#include "agent/http/request.h"
#include "agent/model/peer_orders.h"
#include "lib/err.h"

struct agent;

/* One of the speaker's. -EINVAL: no address; -ENOENT: there is none, the text names those that
 * there are; -EEXIST: more than one may be meant. */
int peer_find_present(const struct agent *a, const struct api_call *call, size_t *ret_index,
		      struct peer_id *ret, struct err *err);
/* One that was added over the API, also if it is left out of the configuration in effect. -EEXIST:
 * or it is in the file. */
int peer_find_added(const struct agent *a, const struct api_call *call, struct peer_id *ret,
		    struct err *err);

#endif
