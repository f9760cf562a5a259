/* SPDX-License-Identifier: MIT */
/*
 * The table of all kinds of monitors, in the order in which people are shown them. A new kind is
 * one line here; its descriptor, monitor_kind_NAME, is in its own file. A kind that takes a
 * privilege of its own is a need in agent/config/capabilities.c, too. Pure.
 */
#ifndef MONITORS_KINDS_H
#define MONITORS_KINDS_H

#include <stddef.h>

#include "lib/str.h"
#include "monitors/kind.h"

#define MONITOR_KINDS(X)                                                                           \
	X(port)                                                                                    \
	X(http)                                                                                    \
	X(https)                                                                                   \
	X(tcp)                                                                                     \
	X(dns)                                                                                     \
	X(ping)                                                                                    \
	X(ntp)                                                                                     \
	X(process)                                                                                 \
	X(file)                                                                                    \
	X(exec)                                                                                    \
	X(consul)

#define MONITOR_KIND_COUNT(name) +1
enum { MONITOR_N_KINDS = MONITOR_KINDS(MONITOR_KIND_COUNT) };

const struct monitor_kind *monitor_kind_at(size_t i); /* i < MONITOR_N_KINDS */
size_t monitor_kind_index(const struct monitor_kind *kind);
/* NULL when there is none of that name. */
const struct monitor_kind *monitor_kind_find(const char *name);
/* The kind that `name` is a misspelling of, else NULL. */
const char *monitor_kind_nearest(const char *name);
/* "port:tcp:PORT, …, exec:COMMAND or consul" */
void monitor_kind_list_formats(struct strbuf *sb);
/* "port, http, … or consul" */
void monitor_kind_list_names(struct strbuf *sb);

#endif
