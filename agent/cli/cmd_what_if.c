/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_what_if.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/cmd_diff.h"
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
	if (str_equal(option, "config"))
		return NULL;
	*value = "true";
	return str_equal(option, "fleet") ? "fleet" : "consul_away";
}

static int build_target(const struct verb_call *call, char *target, size_t size)
{
	int rc = str_copy(target, size, "/v1/what-if");
	for (size_t i = 0; rc >= 0 && i < call->n_values; i++) {
		const char *value = call->values[i].value;
		const char *name = parameter_of(call->values[i].name, &value);
		if (!name) /* it is the body */
			continue;
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

/* Prints the agent's findings on the configuration; false: it has no errors. */
static bool show_findings(const struct verb_call *call, const json_t *answer, const char *file)
{
	if (file && !call->json)
		diff_print_findings(answer, file);
	return json_array_size(json_at(answer, "errors")) > 0;
}

static int show_reply(const struct verb_call *call, const struct client_reply *reply,
		      const char *file)
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
	else if (reply->status == 200)
		show_what_if(&show, answer);
	int status = show_findings(call, answer, file) ? WHAT_IF_ERROR : status_of(answer);
	json_decref(answer);
	return status;
}

/* The last one that is given. */
static const char *file_of(const struct verb_call *call)
{
	const char *file = NULL;
	for (size_t i = 0; i < call->n_values; i++)
		if (str_equal(call->values[i].name, "config"))
			file = call->values[i].value;
	return file;
}

/* Something is supposed. */
static bool is_question(const struct verb_call *call)
{
	for (size_t i = 0; i < call->n_values; i++)
		if (!str_equal(call->values[i].name, "fleet"))
			return true;
	return false;
}

/* -ENODATA: the file cannot be read. */
static int send_file(const struct client *client, const char *target, const char *file,
		     struct client_reply *reply, struct err *err)
{
	const struct client patient = client_patient(client);
	char *text = NULL;
	size_t len = 0;
	int rc = diff_read_file(file, &text, &len);
	if (rc < 0)
		rc = err_set(err, -ENODATA, "%s: error: cannot be read: %s", file, strerror(-rc));
	else if (client_send(&patient, "POST", target, text, len, reply, err) < 0)
		rc = -EIO;
	free(text);
	return rc;
}

int cmd_what_if(const struct client *client, const struct verb_call *call)
{
	char target[TARGET_MAX];
	struct client_reply reply = { 0 };
	struct err err;
	if (!is_question(call)) {
		fprintf(stderr,
			"vipherald: what-if: expected --fail, --peer-down, --consul-away or "
			"--config (vipherald what-if --help)\n");
		return VERB_USAGE;
	}
	if (build_target(call, target, sizeof(target)) < 0) {
		fprintf(stderr, "vipherald: what-if: the arguments are too long\n");
		return WHAT_IF_ERROR;
	}
	const char *file = file_of(call);
	int rc = file ? send_file(client, target, file, &reply, &err)
		      : client_request(client, "GET", target, &reply, &err);
	if (rc < 0) {
		fprintf(stderr, "%s%s\n", rc == -ENODATA ? "" : "vipherald: ", err.text);
		return rc == -ENODATA ? WHAT_IF_ERROR : VERB_UNREACHABLE;
	}
	int status = WHAT_IF_ERROR;
	if (reply.status == 200 || (file && reply.status == 422))
		status = show_reply(call, &reply, file);
	else
		order_refused(&reply);
	client_reply_done(&reply);
	return status;
}
