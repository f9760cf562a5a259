/* SPDX-License-Identifier: MIT */
/* The client at the other end of a connection, as the kernel knows it. */
#ifndef AGENT_HTTP_CREDENTIALS_H
#define AGENT_HTTP_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/principal.h"
#include "lib/addr.h"

#define CREDENTIALS_GROUPS_MAX 256 /* further groups of a client do not count */

struct credentials {
	bool unix_socket;
	uint32_t uid;
	bool uid_known;
	uint32_t gids[CREDENTIALS_GROUPS_MAX];
	size_t n_gids;
	bool own_check; /* a socket of this process, or one that is closed already */
	bool this_host; /* TCP: a socket of another process of this host */
	struct addr here, addr;
	uint16_t port;
};

/* Without `in_full`, `own_check` and `this_host` of a TCP connection are not looked up. */
void credentials_find(int fd, bool in_full, struct credentials *ret);
/* Views into `who`. */
void credentials_to_client(const struct credentials *who, struct api_client *client);
/* "local (192.0.2.1 port 4711, uid 1000)", "uid 0". */
void credentials_describe(const struct credentials *who, const struct principal *principal,
			  char *buf, size_t size);

#endif
