/* SPDX-License-Identifier: MIT */
/* ExaBGP's configuration, of versions 3.4 to 5. Pure. */
#ifndef AGENT_CONVERT_EXABGP_H
#define AGENT_CONVERT_EXABGP_H

#include "agent/convert/document.h"

int convert_exabgp(struct convert *c, const struct convert_input *inputs, size_t n,
		   const struct convert_options *options, struct err *err);

#endif
