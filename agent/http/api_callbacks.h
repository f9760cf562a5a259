/* SPDX-License-Identifier: MIT */
/* Callbacks of the API to its owner. */
#ifndef AGENT_HTTP_API_CALLBACKS_H
#define AGENT_HTTP_API_CALLBACKS_H

#include <stdbool.h>

#include "agent/http/call.h"
#include "agent/http/reply.h"
#include "lib/addr.h"

struct api_callbacks {
	/* Called from the loop; fills in the reply. A call that the client may not make is an error
	 * already. */
	void (*answer)(const struct api_call *call, struct api_reply *ret, void *userdata);
	bool (*is_vip)(const struct addr *addr, void *userdata);
};

#endif
