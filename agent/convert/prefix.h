/* SPDX-License-Identifier: MIT */
/* Prefixes as other tools take them. Pure. */
#ifndef AGENT_CONVERT_PREFIX_H
#define AGENT_CONVERT_PREFIX_H

#include <stdbool.h>

#include "lib/addr.h"

/* Without a length it is a host route. The address in *ret is that of the network; *ret_host_bits:
 * it was not in the text. -EINVAL: no prefix. */
int convert_prefix(const char *text, struct prefix *ret, bool *ret_host_bits);

#endif
