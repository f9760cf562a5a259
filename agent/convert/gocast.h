/* SPDX-License-Identifier: MIT */
/* GoCast's YAML. Pure. */
#ifndef AGENT_CONVERT_GOCAST_H
#define AGENT_CONVERT_GOCAST_H

#include "agent/convert/document.h"

int convert_gocast(struct convert *c, const struct convert_input *inputs, size_t n,
		   const struct convert_options *options, struct err *err);

#endif
