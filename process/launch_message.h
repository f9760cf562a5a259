/* SPDX-License-Identifier: MIT */
/*
 * Messages between the agent and its launcher (process/launcher.h), one a datagram, in the byte
 * order of the host: both ends are the same program. Pure.
 *
 * Both ends check what they get: a launcher is asked by a process that may have been broken into.
 */
#ifndef PROCESS_LAUNCH_MESSAGE_H
#define PROCESS_LAUNCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of a request: a command with its environment. */
#define LAUNCH_REQUEST_MAX ((size_t)128 << 10)
#define LAUNCH_STRINGS_MAX 1024
/* That a launcher is given at its start. */
#define LAUNCH_USERS_MAX 65
/* Of the marks of a process. */
#define LAUNCH_MARKS_MAX 1024

enum launch_kind {
	LAUNCH_COMMAND =
		1,        /* start a program; output comes along, input and stderr if it has them */
	LAUNCH_MARKS = 2, /* the marks in the environment of a process */
};

struct launch_request {
	enum launch_kind kind;
	uint32_t number; /* repeated in the reply */
	pid_t pid;       /* LAUNCH_MARKS: of that process, > 0 */
	uint32_t user;   /* LAUNCH_COMMAND: which of the users of the launcher */
	/* LAUNCH_COMMAND: both end with NULL. */
	const char *argv[LAUNCH_STRINGS_MAX + 1];
	const char *env[LAUNCH_STRINGS_MAX + 1];
};

struct launch_reply {
	uint32_t number;
	int32_t code; /* 0 or -errno */
	int32_t pid;  /* of a command */
	uint32_t len; /* of the marks */
	char marks[LAUNCH_MARKS_MAX];
};

/* The length of the message; -E2BIG when command and environment are longer than a message may be,
 * or more strings. */
ssize_t launch_request_write(const struct launch_request *r, char *buf, size_t size);
/* argv and env point into buf. 0 or -EPROTO: too short, no kind that is known, a string without an
 * end, octets left over, a command without a name. */
int launch_request_read(char *buf, size_t len, struct launch_request *ret);

/* Octets of a reply that are sent. */
size_t launch_reply_size(const struct launch_reply *r);
/* 0 or -EPROTO. */
int launch_reply_check(const struct launch_reply *r, size_t received);

#endif
