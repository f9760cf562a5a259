/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_fleet.h"

#include <stdio.h>

#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "agent/cli/show.h"
#include "agent/cli/terminal.h"
#include "lib/str.h"

#define TARGET_MAX 8192

static int usage(const char *text)
{
	fprintf(stderr, "vipherald: fleet: %s (vipherald fleet --help)\n", text);
	return VERB_USAGE;
}

static json_t *load(const struct client_reply *reply)
{
	json_error_t why = { .text = "" };
	json_t *answer = json_loadb(reply->body, reply->len, 0, &why);
	if (!answer)
		fprintf(stderr, "vipherald: the agent's answer is not JSON: %s\n", why.text);
	return answer;
}

static int show_reply(const struct verb_call *call, const struct client_reply *reply)
{
	const struct show show = { call, terminal_style(call->color), stdout };
	json_t *answer = load(reply);
	if (!answer)
		return VERB_REFUSED;
	if (call->json)
		client_reply_print(reply);
	else
		show_fleet(&show, answer);
	/* With an error, the output is this agent's own view only. */
	int status = *text_at(answer, "error") ? VERB_REFUSED : VERB_DONE;
	json_decref(answer);
	return status;
}

static int status_of(const struct client *client, const struct verb_call *call)
{
	char target[TARGET_MAX] = "/v1/fleet/vips";
	const struct client patient = client_patient(client);
	struct client_reply reply;
	struct err err;
	if (call->n_words == 2 &&
	    client_add_parameter(target, sizeof(target), "vip", call->words[1]) < 0)
		return usage("the VIP is too long");
	if (client_request(&patient, "GET", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = reply.status == 200 ? show_reply(call, &reply) : order_refused(&reply);
	client_reply_done(&reply);
	return status;
}

static void print_released(const struct verb_call *call, const struct client_reply *reply)
{
	json_t *answer = load(reply);
	if (call->json)
		client_reply_print(reply);
	else
		printf("%s: %s\n", call->words[1], text_at(answer, "result"));
	json_decref(answer);
}

static int release(const struct client *client, const struct verb_call *call)
{
	char target[TARGET_MAX] = "/v1/fleet/release";
	const struct client patient = client_patient(client);
	struct client_reply reply;
	struct err err;
	int rc = client_add_parameter(target, sizeof(target), "node", call->words[1]);
	for (size_t i = 0; rc >= 0 && i < call->n_values; i++)
		rc = client_add_parameter(target, sizeof(target), call->values[i].name,
					  call->values[i].value);
	if (rc < 0)
		return usage("the arguments are too long");
	if (client_request(&patient, "POST", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = VERB_DONE;
	if (reply.status == 200)
		print_released(call, &reply);
	else
		status = order_refused(&reply);
	client_reply_done(&reply);
	return status;
}

/* The options that an order does not take. */
static const char *stray_option(const struct verb_call *call, bool release)
{
	for (size_t i = 0; i < call->n_values; i++) {
		const char *name = call->values[i].name;
		if (!release || !(str_equal(name, "app") || str_equal(name, "vip")))
			return name;
	}
	return NULL;
}

int cmd_fleet(const struct client *client, const struct verb_call *call)
{
	const char *order = call->words[0];
	char text[120];
	bool is_release = str_equal(order, "release");
	if (str_equal(order, "drain"))
		return cmd_fleet_drain(client, call);
	const char *stray = stray_option(call, is_release);
	if (stray) {
		snprintf(text, sizeof(text), "%s takes no --%s", order, stray);
		return usage(text);
	}
	if (call->n_words > 2 || call->rest < call->n_words)
		return usage("unexpected argument");
	if (is_release)
		return call->n_words == 2 ? release(client, call)
					  : usage("release: expected the name of a node");
	return status_of(client, call);
}
