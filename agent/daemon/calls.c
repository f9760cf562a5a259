/* SPDX-License-Identifier: MIT */
#include "agent/daemon/calls.h"

#include "agent/daemon/check_now.h"
#include "agent/daemon/compare.h"
#include "agent/daemon/fleet_calls.h"
#include "agent/daemon/peer_calls.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/reload_confirm.h"
#include "agent/daemon/shown.h"
#include "agent/daemon/what_if.h"
#include "agent/http/answer.h"
#include "agent/status/alarms.h"
#include "agent/status/status_line_collect.h"
#include "agent/status/status_sources.h"

void calls_answer(const struct api_call *call, struct api_reply *ret, void *userdata)
{
	struct agent *a = userdata;
	struct status_sources in = shown_sources(a);
	/* The apps of configuration and state file come first. */
	if (!in.registered && answer_is_change(call->kind)) {
		ret->defer = API_DEFER_RETRY;
		return;
	}
	if (call->kind == API_RELOAD && !shown_is_stopping(a)) {
		ret->defer = API_DEFER_LATER;
		ret->number = reload_ask(a->reload, &(struct reload_request){
							    "POST /v1/reload", call->who,
							    api_call_requester(call), call->span });
		return;
	}
	if (call->kind == API_CONFIRM && !shown_is_stopping(a)) {
		reload_confirm(a->reload, call, ret);
		return;
	}
	if (call->kind == API_DIFF) {
		compare_ask(a->compare, call, ret);
		return;
	}
	if (call->kind == API_WHAT_IF) {
		what_if_ask(a->what_if, call, ret);
		return;
	}
	if (api_is_about_fleet(call->kind) && !shown_is_stopping(a)) {
		fleet_calls_answer(a->fleet_calls, call, ret);
		return;
	}
	if (call->kind == API_CHECK && !shown_is_stopping(a)) {
		check_now_ask(a->check_now, call, ret);
		return;
	}
	if (api_is_about_peer(call->kind) && (call->kind == API_PEER || !shown_is_stopping(a)))
		peer_calls_answer(a, &in, call, ret);
	else
		answer_call(&in, shown_is_stopping(a), call, ret);
	answer_defer(ret, a->store);
	peer_log_update(a->peer_log);
}

bool calls_is_vip(const struct addr *addr, void *userdata)
{
	const struct agent *a = userdata;
	return a->registry && registry_has_vip(a->registry, addr);
}

json_t *calls_alarms(void *userdata)
{
	struct status_sources in = shown_sources(userdata);
	return alarms_collect(&in);
}

void calls_summarize(char buf[static STATUS_LINE_MAX], void *userdata)
{
	struct status_sources in = shown_sources(userdata);
	status_line_collect(&in, buf);
}

void calls_on_written(uint64_t up_to, bool stored, void *userdata)
{
	struct agent *a = userdata;
	api_send_stored(a->api, up_to, stored);
}
