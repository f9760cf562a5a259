/* SPDX-License-Identifier: MIT */
/*
 * TLS on the connections of libmicrohttpd. It gives a connection the keys of the present when it
 * begins, and keeps them as long as that lasts. A certificate of a client is verified for each
 * request, so that one that expires, or whose authority goes, is refused on open connections too.
 */
#ifndef AGENT_HTTP_TLS_H
#define AGENT_HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/principal.h"
#include "lib/err.h"
#include "net/tls_keys.h"

struct MHD_Connection;
struct MHD_OptionItem;
struct tls;

struct tls *tls_new(struct tls_keys *keys);
/* After the last connection. */
void tls_free(struct tls *tls);
/* For connections that begin from now on, and all certificates of clients. */
void tls_set_keys(struct tls *tls, struct tls_keys *keys);

/* MHD_OPTION_ARRAY of a daemon that has MHD_USE_TLS. */
const struct MHD_OptionItem *tls_options(void);
/* When a connection of that daemon begins and when it is closed. */
void tls_begin(struct tls *tls, struct MHD_Connection *conn);
void tls_end(struct tls *tls, struct MHD_Connection *conn);

/* As tls_keys_find_client(); -EACCES also for a name that no principal can have. */
int tls_find_client(const struct tls *tls, struct MHD_Connection *conn,
		    char ret_name[static PRINCIPAL_LABEL_MAX], struct err *why);

#endif
