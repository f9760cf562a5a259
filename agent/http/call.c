/* SPDX-License-Identifier: MIT */
#include "agent/http/call.h"

#include <stdlib.h>

#include "lib/mem.h"

bool api_is_about_peer(enum api_kind kind)
{
	return kind == API_PEER || kind == API_PEER_ADD || kind == API_PEER_DELETE ||
	       kind == API_PEER_ENABLE || kind == API_PEER_DISABLE || kind == API_PEER_RESET ||
	       kind == API_PEER_REFRESH;
}

void api_call_fail(struct api_call *call, unsigned status, bool json)
{
	call->kind = API_ERROR;
	call->status = status;
	call->json = json;
}

void api_call_refuse(struct api_call *call, unsigned status, const struct err *err)
{
	bool text = call->kind == API_REGISTER || call->kind == API_UNREGISTER ||
		    call->kind == API_PING || (call->kind == API_ERROR && !call->json);
	call->err = *err;
	api_call_fail(call, status, !text);
}

void api_call_done(struct api_call *call)
{
	app_spec_done(&call->spec);
	mem_free(&call->name);
	mem_free(&call->definition);
}

struct log_requester api_call_requester(const struct api_call *call)
{
	return (struct log_requester){ call->principal.name, call->from[0] ? call->from : NULL };
}

bool api_is_about_fleet(enum api_kind kind)
{
	return kind == API_FLEET_VIPS || kind == API_ROLL || kind == API_ROLL_BEGIN ||
	       kind == API_ROLL_FINISH || kind == API_FLEET_RELEASE;
}
