/* SPDX-License-Identifier: MIT */
/*
 * The descriptor of a kind of monitor: all that parsing, the configuration's schema, admission and
 * capabilities need to know of it. Pure; the shell behind `ops` is the runner's business
 * (monitors/monitor.h).
 */
#ifndef MONITORS_KIND_H
#define MONITORS_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"
#include "lib/err.h"

struct monitor_spec;
struct monitor_ops;

/* The resource a check uses. Decides which source may request one (agent/model/admission.h) and
 * which checks share a limit (monitors/lane.h). */
enum monitor_access {
	MONITOR_ASKS_KERNEL,  /* whether a local port is open; safe from any source */
	MONITOR_ASKS_CONSUL,  /* results come from Consul's feed; safe from any source */
	MONITOR_RUNS_COMMAND, /* runs arbitrary commands */
	MONITOR_USES_NETWORK, /* sends packets in this host's name */
	MONITOR_READS_HOST,   /* reveals files and processes */
};

struct monitor_option {
	const char *name; /* the key in the configuration: "status" */
	const char *doc;  /* its line in docs/configuration.md */
	/* For the same page: what a value is, NULL: "text"; and the default, NULL: none. */
	const char *type, *preset;
	bool (*is_valid)(const char *value); /* NULL with `mark` */
	const char *expected;                /* ends the error about a value that is not valid */
	/* A boolean that the text form has as this prefix of the argument, like file:!PATH; NULL:
	 * the option only exists in the mapping form. */
	const char *mark;
	bool is_sent; /* to the service, and may hold a secret: not for every reader */
};

struct monitor_kind {
	const char *name;   /* "tcp": what stands before the first colon */
	const char *format; /* "tcp:HOST:PORT", for errors; several with ", " between them */
	const char *doc;    /* of the key `tcp` of a mapping, in docs/configuration.md */
	enum monitor_access access;
	bool needs_icmp; /* opens ICMP sockets (net/icmp_socket.h) */
	/* A failure is a fact of the kernel: the listener or the process is gone. Else it is a
	 * judgement, which can be wrong on all hosts at once. */
	bool is_hard;
	bool no_argument; /* `consul`; the mapping form is {consul: true} */
	const struct monitor_option *options;
	size_t n_options;
	/* Size of the result of parse(), without pointers: it is copied as memory. May be 0. */
	size_t parsed_size;
	/* `s` has kind and text; `parsed` is zeroed. -EINVAL with what was expected; the caller
	 * prefixes the monitor's text. */
	int (*parse)(const struct monitor_spec *s, void *parsed, struct err *err);
	/* Both of this kind; options and timing are compared by the caller. NULL: by text. */
	bool (*equal)(const struct monitor_spec *a, const struct monitor_spec *b);
	/* The address that a check talks to; false when it is not known. NULL: it talks to none. */
	bool (*target)(const struct monitor_spec *s, struct addr *ret);
	const struct monitor_ops *ops;
};

#endif
