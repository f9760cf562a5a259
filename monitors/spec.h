/* SPDX-License-Identifier: MIT */
/*
 * A monitor as written. Pure.
 *
 *	port:PROTO:PORT           does somebody listen? PROTO is tcp or udp
 *	exec:COMMAND              exit status 0 of a shell command
 *	consul                    the checks of the service in Consul
 *	http:URL  https:URL       a GET; "http://HOST/…" and "http:http://HOST/…" are the same
 *	tcp:HOST:PORT             a connection can be made; HOST is an address or localhost
 *	dns:HOST:PORT:NAME:TYPE   a query is answered
 *	process:PIDFILE|NAME      it runs; with a '/' it is a file that holds a pid
 *	file:PATH                 it exists; file:!PATH that it does not
 *
 * Beside this text a monitor has a timing and options, which only the mapping form of the
 * configuration can give: {http: URL, interval: 2s, status: "200-299"}.
 */
#ifndef MONITORS_SPEC_H
#define MONITORS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/mono.h"

enum monitor_kind {
	MONITOR_PORT,
	MONITOR_EXEC,
	MONITOR_CONSUL,
	MONITOR_HTTP,
	MONITOR_HTTPS,
	MONITOR_TCP,
	MONITOR_DNS,
	MONITOR_PROCESS,
	MONITOR_FILE,
};
#define MONITOR_N_KINDS 9

#define MONITOR_TEXT_MAX 4096

/* Every 0 is the agent's default. */
struct monitor_timing {
	usec_t interval;      /* between two checks */
	usec_t fast_interval; /* the same while a change of health is pending */
	usec_t timeout;
	uint16_t rise, fall; /* results in a row that it takes */
};

/* What a pass takes beside an answer. Which kind has which: monitors/options.h. */
enum monitor_option {
	MONITOR_STATUS,   /* http: "200-299,404" */
	MONITOR_HEADER,   /* http: "Name: part of the value", or "Name" */
	MONITOR_BODY,     /* http: part of the body */
	MONITOR_TLS_NAME, /* https: the name that is asked for and must be in the certificate */
	MONITOR_TLS_CA,   /* https: a PEM file of those who may sign the certificate */
	MONITOR_SEND,     /* tcp: what we say first */
	MONITOR_EXPECT,   /* tcp: part of what the other side says */
	MONITOR_RCODE,    /* dns: NOERROR, NXDOMAIN, … */
	MONITOR_ANSWER,   /* dns: the data of one of the answers */
};
#define MONITOR_N_OPTIONS 9

/* NULL: not said. */
struct monitor_options {
	char *texts[MONITOR_N_OPTIONS];
};

struct monitor_endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

struct monitor_spec {
	enum monitor_kind kind;
	char *text; /* as it was written; owned */
	struct monitor_timing timing;
	struct monitor_options *options; /* NULL: none is said; owned */
	/* All texts are views into `text`. */
	union {
		struct {
			uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
			uint16_t port;
		} port;
		struct {
			const char *command;
		} exec;
		struct {
			const char *url;
		} http;
		struct monitor_endpoint tcp;
		struct {
			struct monitor_endpoint server; /* as tcp */
			uint16_t type;
			const char *name; /* up to its ':' */
		} dns;
		struct {
			const char *who;
		} process;
		struct {
			const char *path;
			bool absent;
		} file;
	};
};

const char *monitor_kind_name(enum monitor_kind k);
/* At most MONITOR_TEXT_MAX bytes. -EINVAL with a text that names the value and what was expected;
 * *ret is filled only on success. */
int monitor_spec_parse(const char *text, struct monitor_spec *ret, struct err *err);
/* The same with what else may be said; both are copied and may be NULL. An option that the kind
 * does not have, or that is no value of it, is an error. */
int monitor_spec_parse_with(const char *text, const struct monitor_timing *timing,
			    const struct monitor_options *options, struct monitor_spec *ret,
			    struct err *err);
void monitor_spec_done(struct monitor_spec *s);
void monitor_spec_copy(struct monitor_spec *dst, const struct monitor_spec *src);
bool monitor_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b);
/* NULL when it is not said. */
const char *monitor_spec_option(const struct monitor_spec *s, enum monitor_option o);
/* The address that a check of the network talks to, when it is written as an address; else false.
 */
bool monitor_spec_target(const struct monitor_spec *s, struct addr *ret);

#endif
