/* SPDX-License-Identifier: MIT */
/* The texts of a configuration, one after the other: read, hashed, parsed; or taken from a
 * bundle. */
#ifndef AGENT_CONFIG_LOAD_TEXTS_H
#define AGENT_CONFIG_LOAD_TEXTS_H

#include "agent/config/load_data.h"

/* Steps of a millisecond: 1 while more is left. They set the stage that follows. */
int load_read_step(struct config_loader *l);
void load_hash_step(struct config_loader *l);
int load_parse_step(struct config_loader *l);
/* Of the text that the loader is at. */
void load_begin_hash(struct config_loader *l);
void load_begin_parse(struct config_loader *l);
/* With a NUL behind it; free it. */
char *load_copy(const char *text, size_t len);

#endif
