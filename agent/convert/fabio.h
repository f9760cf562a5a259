/* SPDX-License-Identifier: MIT */
/* The BGP part of fabio's properties and command line. Pure. */
#ifndef AGENT_CONVERT_FABIO_H
#define AGENT_CONVERT_FABIO_H

#include "agent/convert/document.h"

int convert_fabio(struct convert *c, const struct convert_input *inputs, size_t n,
		  const struct convert_options *options, struct err *err);

#endif
