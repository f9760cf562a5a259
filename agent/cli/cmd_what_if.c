/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_what_if.h"

#include <stdio.h>

#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "agent/cli/show.h"
#include "agent/cli/terminal.h"
#include "lib/str.h"

#define TARGET_MAX 8192

/* The parameter of an option, and of one without a value the value. */
static const char *parameter_of(const char *option, const char **value)
{
	if (str_equal(option, "fail"))
		return "fail";
	if (str_equal(option, "peer-down"))
		return "peer_down";
	*value = "true";
	return str_equal(option, "fleet") ? "fleet" : "consul_away";
}

static int build_target(const struct verb_call *call, char *target, size_t size)
{
	int rc = str_copy(target, size, "/v1/what-if");
	for (size_t i = 0; rc >= 0 && i < call->n_values; i++) {
		const char *value = call->values[i].value;
		const char *name = parameter_of(call->values[i].name, &value);
		rc = client_add_parameter(target, size, name, value);
	}
	return rc;
}

/* An answer without the numbers is none that a gate may open for. */
static int status_of(const json_t *answer)
{
	bool fleet = json_is_object(json_at(answer, "fleet"));
	long long below = count_at(answer, "fleet.below"),
		  unguarded = count_at(answer, "fleet.unguarded_lost"),
		  lost = count_at(answer, "lost");
	if (fleet && (below < 0 || unguarded < 0))
		return WHAT_IF_ERROR;
	if (fleet)
		lost = below + unguarded;
	return lost < 0 ? WHAT_IF_ERROR : lost > 0 ? WHAT_IF_LOST : WHAT_IF_KEPT;
}

static int show_reply(const struct verb_call *call, const struct client_reply *reply)
{
	json_error_t why = { .text = "" };
	const struct show show = { call, terminal_style(call->color), stdout };
	json_t *answer = json_loadb(reply->body, reply->len, 0, &why);
	if (!answer) {
		fprintf(stderr, "vipherald: the agent's answer is not JSON: %s\n", why.text);
		return WHAT_IF_ERROR;
	}
	if (call->json)
		client_reply_print(reply);
	else
		show_what_if(&show, answer);
	int status = status_of(answer);
	json_decref(answer);
	return status;
}

int cmd_what_if(const struct client *client, const struct verb_call *call)
{
	char target[TARGET_MAX];
	struct client_reply reply;
	struct err err;
	if (call->n_values == 0) {
		fprintf(stderr, "vipherald: what-if: expected --fail, --peer-down or --consul-away "
				"(vipherald what-if --help)\n");
		return VERB_USAGE;
	}
	if (build_target(call, target, sizeof(target)) < 0) {
		fprintf(stderr, "vipherald: what-if: the arguments are too long\n");
		return WHAT_IF_ERROR;
	}
	if (client_request(client, "GET", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = WHAT_IF_ERROR;
	if (reply.status == 200)
		status = show_reply(call, &reply);
	else
		order_refused(&reply);
	client_reply_done(&reply);
	return status;
}
