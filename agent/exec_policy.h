/* SPDX-License-Identifier: MIT */
/*
 * From where `exec:` monitors are accepted. Their commands run as this process does, so whoever
 * may register one may run anything. Pure.
 */
#ifndef AGENT_EXEC_POLICY_H
#define AGENT_EXEC_POLICY_H

#include <stdbool.h>

#include "agent/app_spec.h"
#include "lib/err.h"

enum {
	EXEC_FROM_CONFIG = 1 << 0,
	EXEC_FROM_HTTP = 1 << 1,       /* whoever reaches the API */
	EXEC_FROM_HTTP_LOCAL = 1 << 2, /* through a unix socket or from loopback */
	EXEC_FROM_CONSUL = 1 << 3,
	EXEC_FROM_NONE = 1 << 4, /* said so; 0 is the default */
	EXEC_FROM_DEFAULT = EXEC_FROM_CONFIG | EXEC_FROM_HTTP_LOCAL,
};

/* Adds what `name` stands for. -EINVAL with a text that names it. */
int exec_policy_add(unsigned *from, const char *name, struct err *err);

/* 0, or -EACCES with a text that says how to allow it. `local`: the HTTP client is on this host.
 * Apps without commands always pass. */
int exec_policy_check(unsigned from, const struct app_spec *spec, bool local, struct err *err);

#endif
