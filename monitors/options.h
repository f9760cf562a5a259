/* SPDX-License-Identifier: MIT */
/* What the options of a monitor mean. Pure. */
#ifndef MONITORS_OPTIONS_H
#define MONITORS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "monitors/spec.h"

const char *monitor_option_name(enum monitor_option o);
/* -EINVAL when `kind` has no such option, or when `text` is no value of it. */
int monitor_option_check(enum monitor_kind kind, enum monitor_option o, const char *text,
			 struct err *err);
void monitor_options_done(struct monitor_options *o);

/* "200-299,404": is `status` among them? `text` NULL: 200 to 299. */
bool http_status_matches(const char *text, long status);
/* "NXDOMAIN", in any letter case, or a number up to 4095; -EINVAL. */
int dns_rcode_parse(const char *text, uint16_t *ret);
const char *dns_rcode_name(uint16_t rcode); /* "?" when it has none */
/* "A", "aaaa", "TYPE65"; -EINVAL. */
int dns_type_parse(const char *text, uint16_t *ret);
/* Is `part` in the first `len` bytes? An empty part is everywhere. */
bool bytes_contain(const char *bytes, size_t len, const char *part);

#endif
