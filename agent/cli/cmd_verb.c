/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_verb.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/cli/client.h"
#include "agent/cli/cmd_check_now.h"
#include "agent/cli/cmd_convert.h"
#include "agent/cli/cmd_define.h"
#include "agent/cli/cmd_diff.h"
#include "agent/cli/cmd_events.h"
#include "agent/cli/cmd_fleet.h"
#include "agent/cli/cmd_top.h"
#include "agent/cli/cmd_what_if.h"
#include "agent/cli/completions.h"
#include "agent/cli/known.h"
#include "agent/cli/order.h"
#include "agent/cli/show.h"
#include "agent/cli/terminal.h"
#include "lib/str.h"

static const struct {
	const char *path; /* with "%s" for the first word */
	show_fn *show;
} views[N_VERBS] = {
	[VERB_STATUS] = { "/v1/status", show_status },
	[VERB_APPS] = { "/v1/apps", NULL }, /* list_apps() */
	[VERB_APP] = { "/v1/apps/", show_app },
	[VERB_VIPS] = { "/v1/routes", show_vips },
	[VERB_EXPLAIN] = { "/v1/explain", show_explain },
	[VERB_PEERS] = { "/v1/peers", show_peers },
	[VERB_PEER] = { "/v1/peers", show_peer },
	[VERB_ROUTES] = { "/v1/routes", show_routes },
	[VERB_NAT] = { "/v1/nat", show_nat },
	[VERB_CONSUL] = { "/v1/consul", show_consul },
	[VERB_NOMAD] = { "/v1/nomad", show_consul },
	[VERB_CONFIG] = { "/v1/config", show_config },
};

static int fail(enum verb_exit status, const char *text)
{
	fflush(stdout); /* with --watch the screen is cleared before the message, not after it */
	fprintf(stderr, "vipherald: %s\n", text);
	return status;
}

static int show_reply(const struct verb_call *call, const struct client_reply *reply)
{
	json_error_t why = { .text = "" };
	if (call->json) {
		client_reply_print(reply);
		return VERB_DONE;
	}
	const struct show show = { call, terminal_style(call->color), stdout };
	json_t *answer = json_loadb(reply->body, reply->len, 0, &why);
	if (!answer) {
		fprintf(stderr, "vipherald: the agent's answer is not JSON: %s\n", why.text);
		return VERB_REFUSED;
	}
	int status = views[call->id].show(&show, answer);
	json_decref(answer);
	return status;
}

/* While the agent still writes them. */
static int list_apps(const struct client *client, const struct verb_call *call)
{
	struct client_reply reply;
	struct err err;
	const struct show show = { call, terminal_style(call->color), stdout };
	struct app_list *list = show_apps_begin(&show);
	int rc = client_stream(client, views[VERB_APPS].path, show_apps_octets, list, &reply, &err);
	bool whole = show_apps_end(list) == 0;
	if (rc < 0)
		return fail(VERB_UNREACHABLE, err.text);
	int status = VERB_DONE;
	if (reply.status != 200)
		status = order_refused(&reply);
	else if (!whole)
		status = fail(VERB_REFUSED,
			      "the agent's answer is not a list of apps, or ends early");
	client_reply_done(&reply);
	return status;
}

static int view_once(const struct client *client, const struct verb_call *call)
{
	char target[1024];
	struct client_reply reply;
	struct err err;
	if (call->id == VERB_APPS && !call->json)
		return list_apps(client, call);
	const char *peer = call->id == VERB_ROUTES ? verb_value(call, "peer") : NULL;
	enum verb_exit known = peer ? known_peer(client, peer) : VERB_DONE;
	if (known != VERB_DONE)
		return known;
	bool one_peer = call->id == VERB_PEER && call->json;
	snprintf(target, sizeof(target), "%s%s", views[call->id].path, one_peer ? "/" : "");
	int rc = 0;
	if (call->id == VERB_APP || one_peer)
		rc = client_add_segment(target, sizeof(target), call->words[0]);
	else if (call->id == VERB_EXPLAIN)
		rc = client_add_parameter(target, sizeof(target), "name", call->words[0]);
	else if (call->id == VERB_CONFIG && verb_has(call, "defaults"))
		rc = client_add_parameter(target, sizeof(target), "defaults", "true");
	if (rc == 0 && call->id == VERB_CONFIG && verb_has(call, "include-api"))
		rc = client_add_parameter(target, sizeof(target), "include_api", "true");
	if (rc < 0)
		return fail(VERB_REFUSED, "the name is too long");
	if (client_request(client, "GET", target, &reply, &err) < 0)
		return fail(VERB_UNREACHABLE, err.text);
	int status = reply.status == 200 ? show_reply(call, &reply) : order_refused(&reply);
	client_reply_done(&reply);
	return status;
}

/* On a terminal each view replaces the one before. */
static int view(const struct client *client, const struct verb_call *call)
{
	int status = view_once(client, call);
	const struct timespec pause = { (time_t)(call->watch / USEC_PER_SEC),
					(long)(call->watch % USEC_PER_SEC * 1000) };
	while (call->watch > 0) {
		fflush(stdout);
		nanosleep(&pause, NULL);
		if (!call->json)
			terminal_clear();
		status = view_once(client, call);
	}
	return status;
}

static int ask_agent(const struct client *client, const struct verb_call *call)
{
	if (call->id == VERB_DIFF)
		return cmd_diff_agent(client, call);
	if (call->id == VERB_DEFINE)
		return cmd_define(client, call);
	if (call->id == VERB_CHECK_NOW)
		return cmd_check_now(client, call);
	if (call->id == VERB_FLEET)
		return cmd_fleet(client, call);
	if (call->id == VERB_WHAT_IF)
		return cmd_what_if(client, call);
	if (call->id == VERB_RELOAD)
		return cmd_reload(client, call);
	if (call->id == VERB_TOP)
		return cmd_top(client, call);
	if (call->id == VERB_EVENTS || call->id == VERB_HISTORY)
		return cmd_events(client, call);
	bool order = !views[call->id].path || (call->verb->orders && call->n_words > 1);
	return order ? order_give(client, call) : view(client, call);
}

int cmd_verb(const struct verb *verb, int argc, char *const argv[])
{
	struct verb_call call;
	struct client client;
	struct err err;
	if (verb_parse(verb, argc, argv, &call, &err) < 0) {
		fprintf(stderr, "vipherald: %s (vipherald %s --help)\n", err.text, verb->name);
		return VERB_USAGE;
	}
	if (call.help) {
		verb_help(verb, stdout);
		return VERB_DONE;
	}
	if (call.id == VERB_COMPLETIONS)
		return completions_write(call.words[0], stdout)
			       ? VERB_DONE
			       : fail(VERB_USAGE,
				      "completions: expected bash, zsh or fish (vipherald "
				      "completions --help)");
	if (call.id == VERB_CONVERT)
		return cmd_convert(&call);
	if (call.id == VERB_CONFIG && !str_equal(call.words[0], "show"))
		return fail(VERB_USAGE, "config: expected show (vipherald config --help)");
	if (call.id == VERB_DIFF && call.n_words == 2)
		return cmd_diff_files(&call);
	const struct client_tls tls = { .cacert = call.cacert, .cert = call.cert, .key = call.key };
	if (client_find(call.api, &tls, &client, &err) < 0)
		return fail(VERB_USAGE, err.text);
	return ask_agent(&client, &call);
}
