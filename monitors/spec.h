/* SPDX-License-Identifier: MIT */
/* A monitor as written: "port:tcp:53", "exec:/usr/bin/check -x a:b", "consul". Pure. */
#ifndef MONITORS_SPEC_H
#define MONITORS_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

enum monitor_kind { MONITOR_PORT, MONITOR_EXEC, MONITOR_CONSUL };

#define MONITOR_TEXT_MAX 4096

struct monitor_spec {
	enum monitor_kind kind;
	char *text; /* as it was written; owned */
	union {
		struct {
			uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
			uint16_t port;
		} port;
		struct {
			const char *command; /* a view into text */
		} exec;
	};
};

const char *monitor_kind_name(enum monitor_kind k);
/* At most MONITOR_TEXT_MAX bytes. -EINVAL with a text that names the value and what was expected;
 * *ret is filled only on success. */
int monitor_spec_parse(const char *text, struct monitor_spec *ret, struct err *err);
void monitor_spec_done(struct monitor_spec *s);
void monitor_spec_copy(struct monitor_spec *dst, const struct monitor_spec *src);
bool monitor_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b);

#endif
