/* SPDX-License-Identifier: MIT */
/*
 * Admission: the sources from which monitors are accepted. The kinds differ in what they can reach
 * (monitors/kind.h). A command runs with the rights of this process; other kinds send requests in
 * this host's name, to services that may trust it, or reveal its files and processes. `port` and
 * `consul` are accepted from all sources. Pure.
 */
#ifndef AGENT_MODEL_ADMISSION_H
#define AGENT_MODEL_ADMISSION_H

#include <stdbool.h>

#include "agent/model/app_spec.h"
#include "lib/err.h"

enum {
	MONITORS_FROM_CONFIG = 1 << 0,
	MONITORS_FROM_HTTP = 1 << 1,       /* any HTTP client */
	MONITORS_FROM_HTTP_LOCAL = 1 << 2, /* any on this host */
	MONITORS_FROM_CONSUL = 1 << 3,
	MONITORS_FROM_NONE = 1 << 4,       /* no source; 0 is the default */
	MONITORS_FROM_HTTP_ADMIN = 1 << 5, /* whose principal has proved to be admin */
	MONITORS_FROM_NOMAD = 1 << 6,
	/* The defaults. A process on this host is not thereby one that may run commands with the
	 * rights of the agent. A client that may register a service in Consul or Nomad may have it
	 * checked.
	 */
	MONITORS_EXEC_FROM = MONITORS_FROM_CONFIG | MONITORS_FROM_HTTP_ADMIN,
	MONITORS_OTHERS_FROM = MONITORS_EXEC_FROM | MONITORS_FROM_HTTP_LOCAL |
			       MONITORS_FROM_CONSUL | MONITORS_FROM_NOMAD,
};

/* Each 0: the default. */
struct monitor_admission {
	unsigned exec;   /* commands: MONITORS_FROM_… */
	unsigned others; /* all kinds but exec, port and consul */
};

/* Adds the source with that name. -EINVAL with a text that names it. */
int monitor_admission_add(unsigned *from, const char *name, struct err *err);

/* 0, or -EACCES with a text that says how to allow it. Judges by source and principal of the
 * spec. */
int monitor_admission_check(const struct monitor_admission *admission, const struct app_spec *spec,
			    struct err *err);

#endif
