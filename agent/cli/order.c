/* SPDX-License-Identifier: MIT */
#include "agent/cli/order.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/cli/json_at.h"
#include "lib/str.h"

#define TARGET_MAX 32768 /* as long as the API takes */
/* Between two looks at an app that is waited for. */
#define WAIT_STEP_MS 200

int order_refused(const struct client_reply *reply)
{
	json_t *answer = json_loadb(reply->body, reply->len, 0, NULL);
	const char *text = text_at(answer, "error");
	int len = (int)strcspn(reply->body, "\n");
	fflush(stdout);
	if (*text)
		fprintf(stderr, "vipherald: %s\n", text);
	else
		fprintf(stderr, "vipherald: refused (%u): %.*s\n", reply->status, len, reply->body);
	json_decref(answer);
	return VERB_REFUSED;
}

/* The parameters of /register and of a peer that is added, by option. */
static const char *parameter_of(const struct verb_call *call, const char *option)
{
	if (call->id == VERB_PEER)
		return str_equal(option, "as") ? "peer_as" : option;
	if (str_equal(option, "except-peers"))
		return "except_peers";
	return str_equal(option, "communities") ? "vip_communities" : option;
}

static int add_values(const struct verb_call *call, char *target, size_t size)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < call->n_values; i++)
		if (call->values[i].value)
			rc = client_add_parameter(target, size,
						  parameter_of(call, call->values[i].name),
						  call->values[i].value);
		else if (call->id == VERB_PEER)
			rc = client_add_parameter(target, size, call->values[i].name, "true");
	return rc;
}

static bool is_peer_order(const struct verb_call *call, const char *order)
{
	return call->id == VERB_PEER && str_equal(call->words[1], order);
}

/* /v1/peers/ADDR/disable; of add and delete the method says it. */
static int build_peer_target(const struct verb_call *call, char *target, size_t size)
{
	str_copy(target, size, "/v1/peers/");
	int rc = client_add_segment(target, size, call->words[0]);
	if (!is_peer_order(call, "add") && !is_peer_order(call, "delete")) {
		strncat(target, "/", size - strlen(target) - 1);
		strncat(target, call->words[1], size - strlen(target) - 1);
	}
	return rc < 0 ? rc : add_values(call, target, size);
}

static int build_target(const struct verb_call *call, char *target, size_t size)
{
	int rc = 0;
	if (call->id == VERB_REGISTER || call->id == VERB_UNREGISTER) {
		snprintf(target, size, "/%s", call->verb->name);
		rc = client_add_parameter(target, size, "name", call->words[0]);
		return rc < 0 ? rc : add_values(call, target, size);
	}
	if (call->id == VERB_LOG) {
		str_copy(target, size, "/v1/log");
		rc = client_add_parameter(target, size, "level", call->words[0]);
		return rc < 0 || call->n_words < 2
			       ? rc
			       : client_add_parameter(target, size, "module", call->words[1]);
	}
	if (call->id == VERB_PEER)
		return build_peer_target(call, target, size);
	if (call->id == VERB_CONFIRM) {
		str_copy(target, size, "/v1/confirm");
		return 0;
	}
	str_copy(target, size, call->n_words > 0 ? "/v1/apps/" : "/v1");
	if (call->n_words > 0)
		rc = client_add_segment(target, size, call->words[0]);
	strncat(target, "/", size - strlen(target) - 1);
	strncat(target, call->verb->name, size - strlen(target) - 1);
	return rc < 0 ? rc : add_values(call, target, size);
}

/* The agent answers 200 for an unknown app, as GoCast does. */
static bool was_unknown(const struct verb_call *call, const json_t *answer)
{
	if (call->id != VERB_UNREGISTER || !str_equal(text_at(answer, "result"), "unknown"))
		return false;
	fprintf(stderr, "vipherald: no app '%s', 'vipherald apps' lists them\n", call->words[0]);
	return true;
}

static void show_result(const struct verb_call *call, const json_t *answer)
{
	const char *note = text_at(answer, "note");
	const char *name = call->id == VERB_LOG       ? "log"
			   : call->id == VERB_CONFIRM ? text_at(answer, "file")
			   : call->id == VERB_PEER    ? text_at(answer, "peer")
			   : call->n_words > 0        ? call->words[0]
						      : "agent";
	size_t i;
	const json_t *warning;
	json_array_foreach(json_at(answer, "warnings"), i, warning)
		fprintf(stderr, "vipherald: warning: %s%s%s\n", text_at(warning, "key"),
			*text_at(warning, "key") ? ": " : "", text_at(warning, "text"));
	printf("%s: %s%s%s%s\n", name, text_at(answer, "result"), *note ? ": " : "", note,
	       json_is_false(json_at(answer, "stored"))
		       ? " (not stored: it will be lost when the agent ends)"
		       : "");
}

static int show_done(const struct verb_call *call, const struct client_reply *reply)
{
	json_t *answer = json_loadb(reply->body, reply->len, 0, NULL);
	int status = was_unknown(call, answer) ? VERB_REFUSED : VERB_DONE;
	if (call->json)
		client_reply_print(reply);
	else if (status == VERB_DONE)
		show_result(call, answer);
	json_decref(answer);
	return status;
}

/* ---- waiting ---- */

/* A drain is over when the routes are withdrawn, or when it has ended. After it an app is
 * announced, unless its checks say that it is down. */
static bool is_settled(const struct verb_call *call, const json_t *answer)
{
	bool ended = json_is_null(json_at(answer, "drain"));
	bool is_app = call->n_words > 0;
	if (call->id == VERB_DRAIN)
		return ended || (is_app ? str_equal(text_at(answer, "state"), "drained")
					: json_is_null(json_at(answer, "drain.withdraw")));
	return ended && (!is_app || true_at(answer, "announced") ||
			 str_equal(text_at(answer, "health"), "down"));
}

static int wait_settled(const struct client *client, const struct verb_call *call)
{
	const struct timespec pause = { .tv_nsec = WAIT_STEP_MS * 1000000L };
	char target[1024] = "/v1/status";
	struct client_reply reply;
	struct err err;
	if (call->n_words > 0) {
		str_copy(target, sizeof(target), "/v1/apps/");
		client_add_segment(target, sizeof(target), call->words[0]);
	}
	for (bool settled = false; !settled; nanosleep(&pause, NULL)) {
		if (client_request(client, "GET", target, &reply, &err) < 0) {
			fprintf(stderr, "vipherald: %s\n", err.text);
			return VERB_UNREACHABLE;
		}
		if (reply.status != 200) {
			int status = order_refused(&reply);
			client_reply_done(&reply);
			return status;
		}
		json_t *answer = json_loadb(reply.body, reply.len, 0, NULL);
		settled = is_settled(call, answer);
		json_decref(answer);
		client_reply_done(&reply);
	}
	return VERB_DONE;
}

int order_give(const struct client *client, const struct verb_call *call)
{
	static char target[TARGET_MAX];
	struct client_reply reply;
	struct err err;
	if (build_target(call, target, sizeof(target)) < 0) {
		fprintf(stderr, "vipherald: %s: the arguments are too long\n", call->verb->name);
		return VERB_REFUSED;
	}
	const char *method = is_peer_order(call, "delete") ? "DELETE" : "POST";
	const struct client patient = client_patient(client);
	if (client_request(&patient, method, target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = reply.status == 200 ? VERB_DONE : order_refused(&reply);
	if (status == VERB_DONE)
		status = show_done(call, &reply);
	client_reply_done(&reply);
	fflush(stdout);
	return status == VERB_DONE && verb_has(call, "wait") ? wait_settled(client, call) : status;
}
