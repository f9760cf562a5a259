/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_events.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "agent/cli/table.h"
#include "agent/cli/terminal.h"
#include "lib/str.h"

#define LIMIT_DEFAULT "20"
#define FOLLOW_MS     300
#define TARGET_MAX    2048

static enum table_tone tone_of(const char *level)
{
	if (str_equal(level, "error"))
		return TABLE_BAD;
	return str_equal(level, "warning") ? TABLE_WARNING : TABLE_PLAIN;
}

static void print_event(const json_t *e, const struct table_style *style, bool json)
{
	enum table_tone tone = tone_of(text_at(e, "level"));
	if (json) {
		json_dumpf(e, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("%s%s%s  %-18s %s%s%s\n", table_tone_begin(style, TABLE_DIM), text_at(e, "time"),
	       table_tone_end(style, TABLE_DIM), text_at(e, "kind"), table_tone_begin(style, tone),
	       text_at(e, "text"), table_tone_end(style, tone));
}

static void print_answer(const json_t *answer, const struct verb_call *call)
{
	const struct table_style style = terminal_style(call->color);
	long long missed = count_at(answer, "missed");
	size_t i;
	const json_t *e;
	if (missed > 0)
		fprintf(stderr, "vipherald: %lld events were missed\n", missed);
	json_array_foreach(json_at(answer, "events"), i, e) print_event(e, &style, call->json);
	fflush(stdout);
}

static int build_target(const struct verb_call *call, long long since, char *target)
{
	char number[24];
	const char *kind = verb_value(call, "kind"), *name = verb_value(call, "name");
	const char *limit = verb_value(call, "limit");
	int rc = 0;
	str_copy(target, TARGET_MAX, "/v1/events");
	if (call->id == VERB_HISTORY)
		name = call->words[0];
	else if (!limit)
		limit = LIMIT_DEFAULT;
	snprintf(number, sizeof(number), "%lld", since);
	if (since >= 0)
		rc = client_add_parameter(target, TARGET_MAX, "since", number);
	else if (limit)
		rc = client_add_parameter(target, TARGET_MAX, "limit", limit);
	if (rc == 0 && kind)
		rc = client_add_parameter(target, TARGET_MAX, "kind", kind);
	if (rc == 0 && name)
		rc = client_add_parameter(target, TARGET_MAX, "name", name);
	return rc;
}

/* `since`: the last event that was shown; -1: none yet. It is brought up to date. */
static int show_new(const struct client *client, const struct verb_call *call, long long *since)
{
	char target[TARGET_MAX];
	struct client_reply reply;
	struct err err;
	if (build_target(call, *since, target) < 0) {
		fprintf(stderr, "vipherald: the arguments are too long\n");
		return VERB_REFUSED;
	}
	if (client_request(client, "GET", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = reply.status == 200 ? VERB_DONE : order_refused(&reply);
	if (status == VERB_DONE) {
		json_t *answer = json_loadb(reply.body, reply.len, 0, NULL);
		long long newest = count_at(answer, "newest");
		print_answer(answer, call);
		/* An agent that was restarted counts from 1 again. */
		*since = newest < *since ? 0 : newest;
		json_decref(answer);
	}
	client_reply_done(&reply);
	return status;
}

int cmd_events(const struct client *client, const struct verb_call *call)
{
	const struct timespec pause = { .tv_nsec = FOLLOW_MS * 1000000L };
	long long since = -1;
	int status = show_new(client, call, &since);
	while (status == VERB_DONE && verb_has(call, "follow")) {
		nanosleep(&pause, NULL);
		status = show_new(client, call, &since);
	}
	return status;
}
