/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_define.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "agent/config/define.h"
#include "lib/str.h"

static int read_text(const char *file, char buf[static CONFIG_DEFINITION_MAX + 1], size_t *ret_len)
{
	FILE *in = str_equal(file, "-") ? stdin : fopen(file, "re");
	if (!in)
		return -errno;
	*ret_len = fread(buf, 1, CONFIG_DEFINITION_MAX + 1, in);
	int rc = ferror(in) ? -EIO : *ret_len > CONFIG_DEFINITION_MAX ? -EFBIG : 0;
	if (in != stdin)
		fclose(in);
	return rc;
}

/* "dns.json: error: monitors[0].rise: …" */
static int print_errors(const char *file, const json_t *errors)
{
	size_t i;
	json_t *error;
	json_array_foreach((json_t *)errors, i, error)
	{
		const char *key = text_at(error, "key");
		fprintf(stderr, "%s:", str_equal(file, "-") ? "stdin" : file);
		if (count_at(error, "line") > 0)
			fprintf(stderr, "%lld:%lld:", count_at(error, "line"),
				count_at(error, "column"));
		fprintf(stderr, " error: %s%s%s\n", key, *key ? ": " : "", text_at(error, "text"));
	}
	return VERB_REFUSED;
}

static int show_reply(const struct verb_call *call, const struct client_reply *reply)
{
	json_t *answer = json_loadb(reply->body, reply->len, 0, NULL);
	const json_t *errors = json_at(answer, "errors");
	int status = reply->status == 200 ? VERB_DONE : VERB_REFUSED;
	if (call->json && (errors || status == VERB_DONE))
		client_reply_print(reply);
	else if (errors)
		status = print_errors(call->words[1], errors);
	else if (status != VERB_DONE)
		status = order_refused(reply);
	else
		printf("%s: %s%s\n", call->words[0], text_at(answer, "result"),
		       json_is_false(json_at(answer, "stored"))
			       ? " (not stored: it will be lost when the agent ends)"
			       : "");
	json_decref(answer);
	return status;
}

int cmd_define(const struct client *client, const struct verb_call *call)
{
	static char text[CONFIG_DEFINITION_MAX + 1];
	char target[1024] = "/v1/apps/";
	const struct client patient = client_patient(client);
	struct client_reply reply;
	struct err err;
	size_t len = 0;
	int rc = read_text(call->words[1], text, &len);
	if (rc < 0) {
		fprintf(stderr, "vipherald: define: %s cannot be read: %s\n", call->words[1],
			rc == -EFBIG ? "larger than 64 kB" : strerror(-rc));
		return VERB_REFUSED;
	}
	if (client_add_segment(target, sizeof(target), call->words[0]) < 0) {
		fprintf(stderr, "vipherald: define: the name is too long\n");
		return VERB_REFUSED;
	}
	if (client_send(&patient, "PUT", target, text, len, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = show_reply(call, &reply);
	client_reply_done(&reply);
	fflush(stdout);
	return status;
}
