/* SPDX-License-Identifier: MIT */
/* The log as a reader of stderr gets it: a pipe takes its place. Include after cmocka.h. */
#ifndef TESTS_UNIT_CAPTURED_LOG_H
#define TESTS_UNIT_CAPTURED_LOG_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/str.h"

struct captured_log {
	bool on;
	int saved, reader;
	char text[256 * 1024];
};

static inline void captured_log_begin(struct captured_log *l)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	l->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	l->reader = fds[0];
	l->text[0] = 0;
	l->on = true;
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
}

static inline void captured_log_end(struct captured_log *l)
{
	if (!l->on)
		return;
	l->on = false;
	dup2(l->saved, STDERR_FILENO);
	close(l->saved);
	close(l->reader);
}

/* Since the last call. */
static inline const char *captured_log_read(struct captured_log *l)
{
	size_t len = 0;
	for (ssize_t n; (n = read(l->reader, l->text + len, sizeof(l->text) - len - 1)) > 0;)
		len += (size_t)n;
	l->text[len] = 0;
	return l->text;
}

/* The lines since the last check, each as "LEVEL  module: text". */
static inline void captured_log_expect(struct captured_log *l, const char *lines)
{
	char got[4096] = "";
	struct strbuf text = strbuf_over(got, sizeof(got));
	char *rest = (char *)(uintptr_t)captured_log_read(l), *line;
	while ((line = strsep(&rest, "\n"))) {
		const char *after = strchr(line, ' '); /* behind the time */
		if (after)
			strbuf_add(&text, "%s\n", after + 1);
	}
	if (strcmp(got, lines) != 0)
		captured_log_end(l); /* the failure is to be seen */
	assert_string_equal(got, lines);
}

#endif
