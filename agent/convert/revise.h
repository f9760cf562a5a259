/* SPDX-License-Identifier: MIT */
/* A converted document against the checks of the configuration. Pure. */
#ifndef AGENT_CONVERT_REVISE_H
#define AGENT_CONVERT_REVISE_H

#include "agent/convert/document.h"

/*
 * Takes out what `vipherald check` would refuse, each with a remark that says why and where it came
 * from: a key, or the whole app, peer or program when it makes no sense without the key. A missing
 * key of the whole file (bgp.local_as) is remarked only.
 */
void convert_revise(struct convert *c);

#endif
