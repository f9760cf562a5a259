/* SPDX-License-Identifier: MIT */
/* The target of a check over the network: HOST, HOST:PORT or a URL, as in the text of a monitor.
 * HOST is an address, localhost or a name. Pure. */
#ifndef MONITORS_TARGET_H
#define MONITORS_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "monitors/spec.h"

/* The text of the monitor's argument begins with the host. */
struct monitor_endpoint {
	struct addr addr; /* family 0: a name */
	uint8_t name_len; /* of a name; 0: an address */
	uint16_t port;    /* host order */
};

/* "192.0.2.1", "::1", "[::1]", "localhost" or "www.example.com" in the first `len` bytes.
 * -EINVAL */
int monitor_host_parse(const char *text, size_t len, struct monitor_endpoint *ret, struct err *err);
/* The same and ":PORT". -EINVAL */
int monitor_endpoint_parse(const char *text, size_t len, struct monitor_endpoint *ret,
			   struct err *err);
/* Where a name will not do. -EINVAL */
int monitor_endpoint_check_address(const char *text, const struct monitor_endpoint *e,
				   struct err *err);
/* For descriptors whose parsed form is a struct monitor_endpoint. */
bool monitor_endpoint_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b);
bool monitor_endpoint_spec_target(const struct monitor_spec *s, struct addr *ret);
/* "1" to "65535"; -EINVAL */
int monitor_port_parse(const char *text, uint16_t *ret, struct err *err);

/* "SCHEME://HOST…": -EINVAL when HOST is missing or too long, or its port or address is bad.
 * `example` is shown as what was expected. */
int monitor_url_check(const char *url, const char *example, struct err *err);
/* False when HOST is a name. */
bool monitor_url_target(const char *url, struct addr *ret);

bool monitor_has_blank(const char *text); /* or another control character */

#endif
