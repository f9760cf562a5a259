/* SPDX-License-Identifier: MIT */
/* The headers by which a client says what it takes (RFC 9110, 12.5). Pure. */
#ifndef AGENT_HTTP_ACCEPT_H
#define AGENT_HTTP_ACCEPT_H

#include <stdbool.h>

/* Accept: `type` is named, and `other` is not preferred to it. A wildcard names none: that is what
 * programs send. NULL: there is no such header. */
bool accept_prefers(const char *accept, const char *type, const char *other);
/* Accept-Encoding: `coding` is named and not ruled out. */
bool accept_allows(const char *accept_encoding, const char *coding);

#endif
