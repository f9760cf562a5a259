/* SPDX-License-Identifier: MIT */
/*
 * Host names to addresses, without the loop ever waiting for a name server: getaddrinfo() runs in a
 * child process, so that /etc/hosts, nsswitch.conf and search domains count as for any program
 * (docs/decisions/resolver-child.md). Answers are kept for a minute; when name servers do not
 * answer then, the last known addresses stay in use.
 */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"

#define NAMES_ADDRESSES_MAX 16

struct names;
struct names_query;

/* In the child: prints an address a line, or an error text. */
enum names_status { NAMES_FOUND, NAMES_NOT_FOUND, NAMES_NO_ANSWER };
typedef enum names_status names_lookup_fn(const char *host);
names_lookup_fn names_lookup; /* by getaddrinfo() */

/* `addresses`: "192.0.2.1,[2001:db8::1]", or NULL, and `error` says why. Once, from the loop; the
 * query is gone then. Valid inside the callback only. */
typedef void names_cb(const char *addresses, const char *error, void *userdata);

struct names *names_new(sd_event *loop, names_lookup_fn *lookup);
/* No queries may be left. */
void names_free(struct names *n);
/* The known addresses; valid until the next call. NULL when they are not known: then *ret is a
 * query that calls back later. -errno when a child cannot be started. */
int names_find(struct names *n, const char *host, names_cb *found, void *userdata,
	       const char **ret_addresses, struct names_query **ret, struct err *err);
/* Its lookup could not begin at once, as too many others were under way: that there is no answer
 * in time says nothing of the name servers. */
bool names_waited(const struct names_query *q);
void names_cancel(struct names_query *q);
/* `addresses` as values, at most `max`, in their order. */
size_t names_split(const char *addresses, struct addr *ret, size_t max);

#endif
