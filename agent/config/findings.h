/* SPDX-License-Identifier: MIT */
/* How the parts of the configuration report what they find; agent/config/config.h is how it is
 * read. */
#ifndef AGENT_CONFIG_FINDINGS_H
#define AGENT_CONFIG_FINDINGS_H

#include "agent/config/config.h"
#include "agent/config/tree.h"

/* Beyond this many, errors are counted but not kept, and one finding says so. */
#define CONFIG_FINDINGS_MAX 50000

#define CONFIG_PATH_MAX 256

/* What a finding points at; made only when there is something to say. */
struct config_place {
	unsigned line, column; /* 0: the whole file */
	char path[CONFIG_PATH_MAX];
};

/* A value, the key in front of it, and a key that should stand in the mapping but does not. */
struct config_place config_at(const struct config_node *node);
struct config_place config_at_key(const struct config_node *node);
struct config_place config_at_missing(const struct config_node *mapping, const char *key);
struct config_place config_at_line(unsigned line, unsigned column);

void config_error(struct config_findings *f, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void config_warn(struct config_findings *f, struct config_place at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* In the order of the file; what was found twice (a default that several peers share) once. */
void config_findings_sort(struct config_findings *f);

#endif
