/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/cli/json_at.h"
#include "agent/cli/known.h"
#include "agent/cli/order.h"
#include "agent/cli/table.h"
#include "agent/cli/terminal.h"
#include "lib/mem.h"
#include "lib/str.h"

#define LIMIT_DEFAULT "20"
#define RETRY_MS      500
#define TARGET_MAX    2048
#define MARK_MAX      64
#define LINE_MAX_SIZE 65536 /* an event has some 12,000 octets at most */

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

static void say_missed(long long n)
{
	if (n > 0)
		fprintf(stderr, "vipherald: %lld event%s missed\n", n, n == 1 ? " was" : "s were");
}

static void print_answer(const struct client_reply *reply, const json_t *answer,
			 const struct verb_call *call)
{
	const struct table_style style = terminal_style(call->color);
	size_t i;
	const json_t *e;
	if (call->json) {
		client_reply_print(reply);
		return;
	}
	say_missed(count_at(answer, "missed"));
	json_array_foreach(json_at(answer, "events"), i, e) print_event(e, &style, false);
}

/* `history` of a name without events: an error, unless the agent knows the name. */
static enum verb_exit check_known(const struct client *client, const struct verb_call *call,
				  const json_t *answer)
{
	if (call->id != VERB_HISTORY || json_array_size(json_at(answer, "events")) > 0)
		return VERB_DONE;
	return known_subject(client, call->words[0]);
}

/* `mark`: the last event that was shown; "": none. */
static int build_target(const struct verb_call *call, const char *mark, char *target)
{
	const char *kind = verb_value(call, "kind"), *name = verb_value(call, "name");
	const char *limit = verb_value(call, "limit");
	int rc = 0;
	str_copy(target, TARGET_MAX, "/v1/events");
	if (call->id == VERB_HISTORY)
		name = call->words[0];
	else if (!limit)
		limit = LIMIT_DEFAULT;
	if (*mark)
		rc = client_add_parameter(target, TARGET_MAX, "since", mark);
	else if (limit)
		rc = client_add_parameter(target, TARGET_MAX, "limit", limit);
	if (rc == 0 && kind)
		rc = client_add_parameter(target, TARGET_MAX, "kind", kind);
	if (rc == 0 && name)
		rc = client_add_parameter(target, TARGET_MAX, "name", name);
	if (rc == 0 && verb_has(call, "follow"))
		rc = client_add_parameter(target, TARGET_MAX, "follow", "true");
	if (rc < 0)
		fprintf(stderr, "vipherald: the arguments are too long\n");
	return rc;
}

static int show(const struct client *client, const struct verb_call *call)
{
	char target[TARGET_MAX];
	struct client_reply reply;
	struct err err;
	if (build_target(call, "", target) < 0)
		return VERB_REFUSED;
	if (client_request(client, "GET", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = reply.status == 200 ? VERB_DONE : order_refused(&reply);
	if (status == VERB_DONE) {
		json_t *answer = json_loadb(reply.body, reply.len, 0, NULL);
		print_answer(&reply, answer, call);
		status = check_known(client, call, answer);
		json_decref(answer);
	}
	client_reply_done(&reply);
	return status;
}

/* Following: server-sent events, and another connection when one ends. */

struct follower {
	const struct verb_call *call;
	struct table_style style;
	char mark[MARK_MAX]; /* of the last event */
	char *line;          /* that is not complete yet */
	size_t len, cap;
	bool connected; /* once at least */
	bool lost;      /* and since then not any more */
};

static void on_begin(struct follower *f, const json_t *begin)
{
	const char *limit = verb_value(f->call, "limit");
	if (f->lost)
		fprintf(stderr, "vipherald: connected again\n");
	if (true_at(begin, "restarted"))
		fprintf(stderr, "vipherald: the agent was restarted, what follows is all since its "
				"start\n");
	/* Nothing of the past was asked for, so the next connection goes on from here. */
	if (!*f->mark && limit && str_equal(limit, "0"))
		snprintf(f->mark, sizeof(f->mark), "%.20s-%lld", text_at(begin, "epoch"),
			 count_at(begin, "newest"));
	f->connected = true;
	f->lost = false;
}

static void on_data(struct follower *f, const char *text)
{
	json_t *data = json_loads(text, 0, NULL);
	const char *kind = text_at(data, "kind");
	if (str_equal(kind, "events.begin"))
		on_begin(f, data);
	else if (str_equal(kind, "events.missed"))
		say_missed(count_at(data, "missed"));
	else if (str_equal(kind, "events.end"))
		fprintf(stderr, "vipherald: %s\n", text_at(data, "text"));
	else if (data)
		print_event(data, &f->style, f->call->json);
	fflush(stdout);
	json_decref(data);
}

static void on_line(struct follower *f, const char *line)
{
	if (str_starts(line, "id: "))
		str_copy(f->mark, sizeof(f->mark), line + strlen("id: "));
	else if (str_starts(line, "data: "))
		on_data(f, line + strlen("data: "));
}

static void on_octets(const char *octets, size_t n, void *userdata)
{
	struct follower *f = userdata;
	for (size_t i = 0; i < n && f->len < LINE_MAX_SIZE; i++) {
		f->line = mem_grow(f->line, &f->cap, f->len + 1, 1);
		f->line[f->len++] = octets[i];
		if (octets[i] != '\n')
			continue;
		f->line[f->len - 1] = 0;
		f->len = 0;
		on_line(f, f->line);
	}
}

/* The status of the verb; VERB_DONE: try again. */
static int follow_once(const struct client *client, struct follower *f)
{
	char target[TARGET_MAX];
	struct client_reply reply;
	struct err err;
	f->len = 0;
	if (build_target(f->call, f->mark, target) < 0)
		return VERB_REFUSED;
	int rc = client_stream(client, target, on_octets, f, &reply, &err);
	if (rc < 0 && !f->connected) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	bool refused = rc == 0 && reply.status != 200 && (reply.status < 500 || !f->connected);
	int status = refused ? order_refused(&reply) : VERB_DONE;
	if (status == VERB_DONE && !f->lost)
		fprintf(stderr, "vipherald: connection lost, connecting again\n");
	f->lost = true;
	client_reply_done(&reply);
	return status;
}

static int follow(const struct client *client, const struct verb_call *call)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	struct follower f = { .call = call, .style = terminal_style(call->color) };
	int status;
	while ((status = follow_once(client, &f)) == VERB_DONE)
		nanosleep(&pause, NULL);
	free(f.line);
	return status;
}

int cmd_events(const struct client *client, const struct verb_call *call)
{
	return verb_has(call, "follow") ? follow(client, call) : show(client, call);
}
