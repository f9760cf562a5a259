/* SPDX-License-Identifier: MIT */
/* The server that a URL names. Pure. */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdint.h>

#include "lib/err.h"

#define URL_HOST_MAX 256

/* Host and port of "SCHEME://USER@HOST:PORT/…" or of "HOST:PORT" alone. `ret_host` is "" when HOST
 * is an address, or is missing. -EINVAL when it is not a plain host name. */
int url_server(const char *url, char ret_host[static URL_HOST_MAX], uint16_t *ret_port,
	       struct err *err);

#endif
