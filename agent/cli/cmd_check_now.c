/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_check_now.h"

#include <stdio.h>
#include <string.h>

#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "lib/str.h"

static int build_target(const struct verb_call *call, char *target, size_t size)
{
	const char *timeout = verb_value(call, "timeout");
	str_copy(target, size, "/v1/apps/");
	if (client_add_segment(target, size, call->words[0]) < 0 ||
	    str_copy(target + strlen(target), size - strlen(target), "/check") < 0)
		return -1;
	return timeout ? client_add_parameter(target, size, "timeout", timeout) : 0;
}

/* "fail     tcp:127.0.0.1:53: connection refused"; true when it passed. */
static bool print_result(const json_t *monitor)
{
	const char *result = text_at(monitor, "result"), *said = text_at(monitor, "said");
	bool ended = *result;
	printf("%-8s %s%s%s\n", ended ? result : "no end", text_at(monitor, "monitor"),
	       ended && *said ? ": " : "", ended ? said : "");
	return str_equal(result, "pass");
}

static bool print_results(const json_t *answer, bool json)
{
	size_t i;
	json_t *monitor;
	bool all = true;
	json_array_foreach((json_t *)json_at(answer, "monitors"), i, monitor)
	{
		bool passed = json ? str_equal(text_at(monitor, "result"), "pass")
				   : print_result(monitor);
		all = all && passed;
	}
	if (!json)
		printf("%s: %s\n", text_at(answer, "app"), text_at(answer, "health"));
	return all;
}

/* The results are there when the time was over, too. */
static int show_reply(const struct verb_call *call, const struct client_reply *reply)
{
	json_t *answer = json_loadb(reply->body, reply->len, 0, NULL);
	int status = VERB_REFUSED;
	if (json_at(answer, "monitors")) {
		status = print_results(answer, call->json) ? VERB_DONE : VERB_REFUSED;
		if (call->json)
			client_reply_print(reply);
	} else {
		status = order_refused(reply);
	}
	json_decref(answer);
	return status;
}

int cmd_check_now(const struct client *client, const struct verb_call *call)
{
	char target[1024];
	const struct client patient = client_patient(client);
	struct client_reply reply;
	struct err err;
	if (build_target(call, target, sizeof(target)) < 0) {
		fprintf(stderr, "vipherald: check-now: the arguments are too long\n");
		return VERB_REFUSED;
	}
	if (client_request(&patient, "POST", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = show_reply(call, &reply);
	client_reply_done(&reply);
	fflush(stdout);
	return status;
}
