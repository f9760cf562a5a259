/* SPDX-License-Identifier: MIT */
/* Lines for the stdin of a program. Unread lines are buffered up to a bound, and dropped beyond it,
 * line by line; nothing ever blocks. */
#ifndef AGENT_PROGRAMS_OUTBOX_H
#define AGENT_PROGRAMS_OUTBOX_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define OUTBOX_MAX ((size_t)256 << 10)

struct outbox {
	sd_event *loop;
	int fd; /* owned; -1: closed */
	sd_event_source *writable;
	char *octets;
	size_t len, cap;
	uint64_t dropped; /* lines */
	uint64_t taken;   /* octets, by the program or its pipe */
	/* It has taken some of what was held, or has closed its stdin. May close the outbox; NULL:
	 * none. */
	void (*read)(void *userdata);
	void *userdata;
};

void outbox_open(struct outbox *o, sd_event *loop, int fd);
void outbox_close(struct outbox *o);
/* Without its line feed. */
void outbox_line(struct outbox *o, const char *text);

#endif
