/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_confirm.h"

#include <jansson.h>
#include <stdlib.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/reload_data.h"
#include "agent/daemon/reload_trial.h"
#include "agent/status/view_json.h"
#include "lib/log.h"
#include "lib/mem.h"

void reload_confirm(struct reload *r, const struct api_call *call, struct api_reply *ret)
{
	struct agent *a = r->a;
	if (r->running || r->confirmed || r->expired) {
		ret->defer = API_DEFER_RETRY;
		return;
	}
	if (!confirm_is_open(a->confirm)) {
		ret->status = 409;
		ret->content_type = "application/json";
		ret->body = mem_strdup("{\"error\": \"no reload awaits confirmation\"}\n");
		return;
	}
	confirm_close(a->confirm);
	const struct log_requester asked = api_call_requester(call);
	log_event(LOG_INFO, "config", EVENT("reload.confirmed", .by = asked.by, .from = asked.from),
		  "%s confirmed by %s", a->config_file.path, call->who);
	reload_keep_copy(a);
	peer_set_settle(a);
	r->confirmed = true;
	ret->defer = API_DEFER_LATER;
	ret->number = r->number;
}

static void answer_confirmed(struct reload *r)
{
	struct agent *a = r->a;
	json_t *o = json_pack("{s:s, s:o, s:s, s:b}", "result", "confirmed", "file",
			      view_text(a->config_file.path), "sha256", a->config_file.sha256,
			      "stored", confirm_is_stored(a->confirm));
	char *text = stream_json_text(o);
	r->confirmed = false;
	api_send_later(a->api, r->number, 200, text);
	free(text);
	json_decref(o);
	api_retry(a->api);
}

void reload_expired(struct reload *r)
{
	r->expired = true;
	reload_wake(r);
}

void reload_settled(struct reload *r)
{
	if (r->stopped)
		return;
	if (r->confirmed && !confirm_is_writing(r->a->confirm))
		answer_confirmed(r);
	reload_wake(r);
}
