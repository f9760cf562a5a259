/* SPDX-License-Identifier: MIT */
/*
 * "exec:COMMAND": a shell command that passes with exit status 0. It is run by bash where that is
 * installed, as GoCast's users expect, else by sh. A command that the shell cannot find is a
 * failure (status 127) like any other; only when no shell can be started is the result unknown.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/monitor.h"
#include "process/shell.h"

#define SAID_UP "exit status 0"

struct exec_check {
	struct child *child;
	span_t timeout;
	monitor_done_cb *done;
	void *userdata;
};

static void exec_free(struct exec_check *x)
{
	if (!x)
		return;
	child_free(x->child);
	free(x);
}

static enum health health_of(const struct child_result *result)
{
	if (result->end == CHILD_LOST)
		return HEALTH_UNKNOWN;
	return result->end == CHILD_EXITED && result->status == 0 ? HEALTH_UP : HEALTH_DOWN;
}

static void on_child_done(const struct child_result *child_result, void *userdata)
{
	struct exec_check *x = userdata;
	struct monitor_result result = { .health = health_of(child_result) };
	struct strbuf sb = strbuf_over(result.said, sizeof(result.said));
	shell_describe(child_result, x->timeout, &sb);
	/* A plain pass, the usual case, costs no memory: ops->said_up stands for it. */
	if (str_equal(result.said, SAID_UP))
		result.said[0] = 0;
	char output[CHILD_OUTPUT_MAX + 1]; /* the child's own is freed with it */
	memcpy(output, child_result->output, child_result->output_len + 1);
	result.output = output;
	monitor_done_cb *done = x->done;
	void *done_userdata = x->userdata;
	exec_free(x);
	done(&result, done_userdata);
}

static int exec_start(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		      monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct exec_check *x = mem_new(1, sizeof(*x));
	*x = (struct exec_check){ .timeout = timeout, .done = done, .userdata = userdata };
	int r = shell_spawn(env->loop, monitor_spec_argument(spec), env->exec_env, env->exec_user,
			    NULL, timeout, on_child_done, x, &x->child, err);
	if (r < 0) {
		exec_free(x);
		return r;
	}
	*ret_running = x;
	return 0;
}

static void exec_cancel(void *running)
{
	exec_free(running);
}

static const struct monitor_ops ops = {
	.said_up = SAID_UP,
	.start = exec_start,
	.cancel = exec_cancel,
};

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	(void)parsed;
	const char *command = monitor_spec_argument(s);
	if (!command || command[strspn(command, " \t\r\n")] == 0)
		return err_set(err, -EINVAL,
			       "no command, expected exec:COMMAND like "
			       "exec:/usr/local/bin/check -v");
	return 0;
}

const struct monitor_kind monitor_kind_exec = {
	.name = "exec",
	.format = "exec:COMMAND",
	.doc = "A shell command: exit status 0.",
	.access = MONITOR_RUNS_COMMAND,
	.parse = parse,
	.ops = &ops,
};
