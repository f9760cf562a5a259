/* SPDX-License-Identifier: MIT */
/* A request out of "GET /path?name=value&name". */
#ifndef TESTS_UNIT_REQUEST_LINE_H
#define TESTS_UNIT_REQUEST_LINE_H

#include <string.h>

#include "agent/http/request.h"
#include "agent/http/request_args.h"
#include "lib/mem.h"
#include "lib/str.h"

#define REQUEST_LINE_ARGS_MAX 20

struct request_line {
	char text[512]; /* cut up */
	struct api_arg args[REQUEST_LINE_ARGS_MAX];
	struct api_request request; /* of views into the above */
};

static void request_line_parse(struct request_line *r, const char *line)
{
	char *rest = r->text;
	assert_int_equal(str_copy(r->text, sizeof(r->text), line), 0);
	r->request = (struct api_request){ .args = r->args };
	r->request.method = strsep(&rest, " ");
	r->request.path = strsep(&rest, "?");
	for (char *arg; (arg = strsep(&rest, "&"));) {
		struct api_arg *a = &r->args[r->request.n_args++];
		a->name = strsep(&arg, "=");
		a->value = arg;
		a->len = arg ? strlen(arg) : 0;
	}
}

/* Of a call that is no error: its parameters are right, which 0 and nothing else says. */
static void request_line_returns_0(const struct request_line *r, const struct api_call *call)
{
	struct api_call again = { .kind = call->kind, .what_if.config = call->what_if.config };
	if (call->kind == API_ERROR)
		return;
	if (call->name && call->kind != API_UNREGISTER && call->kind != API_EXPLAIN)
		again.name = mem_strdup(call->name);
	assert_int_equal(request_parse_args(&r->request, &again), 0);
	api_call_done(&again);
}

#endif
