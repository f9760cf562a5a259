/* SPDX-License-Identifier: MIT */
/* Commands of the operator, run by bash where there is one, as GoCast's users expect, else by
 * sh. */
#ifndef PROCESS_SHELL_H
#define PROCESS_SHELL_H

#include "lib/str.h"
#include "process/child.h"

/* As child_spawn_with(); `input` NULL: stdin is /dev/null. -ENOENT: there is no shell. */
int shell_spawn(sd_event *loop, const char *command, char *const env[],
		const struct child_user *user, const struct child_input *input, span_t timeout,
		child_done_cb *done, void *userdata, struct child **ret, struct err *err);
/* "exit status 3: the first line of its output" */
void shell_describe(const struct child_result *result, span_t timeout, struct strbuf *ret);

#endif
