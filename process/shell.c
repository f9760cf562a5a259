/* SPDX-License-Identifier: MIT */
#include "process/shell.h"

#include <errno.h>
#include <string.h>

int shell_spawn(sd_event *loop, const char *command, char *const env[],
		const struct child_user *user, const struct child_input *input, span_t timeout,
		child_done_cb *done, void *userdata, struct child **ret, struct err *err)
{
	static const char *const shells[] = { "bash", "sh" };
	int rc = -ENOENT;
	for (size_t i = 0; i < 2 && rc == -ENOENT; i++) {
		const char *argv[] = { shells[i], "-c", command, NULL };
		rc = input ? child_spawn_with(loop, argv, env, user, input, timeout, done, userdata,
					      ret, err)
			   : child_spawn(loop, argv, env, user, timeout, done, userdata, ret, err);
	}
	return rc;
}

static void describe_end(const struct child_result *result, span_t timeout, struct strbuf *ret)
{
	char text[DURATION_TEXT_MAX];
	const char *name;
	switch (result->end) {
	case CHILD_EXITED:
		strbuf_add(ret, "exit status %d", result->status);
		break;
	case CHILD_SIGNALLED:
		name = sigabbrev_np(result->status);
		strbuf_add(ret, "killed by signal %d%s%s", result->status, name ? " SIG" : "",
			   name ? name : "");
		break;
	case CHILD_TIMED_OUT:
		strbuf_add(ret, "no result within %s, killed", duration_format(timeout, text));
		break;
	case CHILD_LOST:
		strbuf_add(ret, "its exit status was lost (is SIGCHLD ignored?)");
		break;
	}
}

/* The first line that is not empty. */
static void describe_output(const struct child_result *result, struct strbuf *ret)
{
	char line[CHILD_OUTPUT_MAX];
	const char *p = result->output + strspn(result->output, " \t\r\n");
	size_t n = strcspn(p, "\r\n");
	if (n > 0)
		strbuf_add(ret, ": %s", str_printable(line, sizeof(line), p, n));
}

void shell_describe(const struct child_result *result, span_t timeout, struct strbuf *ret)
{
	describe_end(result, timeout, ret);
	describe_output(result, ret);
}
