/* SPDX-License-Identifier: MIT */
/* Where to listen, as people write it: "192.0.2.1:8080", ":8080", "[::1]:8080", "unix:/path". */
#ifndef LIB_ENDPOINT_H
#define LIB_ENDPOINT_H

#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

struct endpoint {
	struct addr addr;    /* family 0: every address, v4 and v6 */
	uint16_t port;       /* host order */
	char unix_path[108]; /* as sun_path; not empty means a unix socket and nothing else */
};

#define ENDPOINT_TEXT_MAX 128

/* `default_port` 0 means that a port must be given. "localhost" is 127.0.0.1. */
int endpoint_parse(const char *text, uint16_t default_port, struct endpoint *ret, struct err *err);
const char *endpoint_format(const struct endpoint *ep, char buf[static ENDPOINT_TEXT_MAX]);

#endif
