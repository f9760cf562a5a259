/* SPDX-License-Identifier: MIT */
/*
 * From where monitors are accepted that do more than ask the kernel who listens. Commands run as
 * this process does, so whoever may bring one may run anything. The others send requests in this
 * host's name, to services that trust it, or tell which files and processes there are. `port` and
 * `consul` are taken from anywhere. Pure.
 */
#ifndef AGENT_MODEL_ADMISSION_H
#define AGENT_MODEL_ADMISSION_H

#include <stdbool.h>

#include "agent/model/app_spec.h"
#include "lib/err.h"

enum {
	MONITORS_FROM_CONFIG = 1 << 0,
	MONITORS_FROM_HTTP = 1 << 1,       /* whoever reaches the API */
	MONITORS_FROM_HTTP_LOCAL = 1 << 2, /* through a unix socket or from loopback */
	MONITORS_FROM_CONSUL = 1 << 3,
	MONITORS_FROM_NONE = 1 << 4, /* said so; 0 is the default */
	/* The defaults. Whoever may register a service in Consul may have it checked, too. */
	MONITORS_EXEC_FROM = MONITORS_FROM_CONFIG | MONITORS_FROM_HTTP_LOCAL,
	MONITORS_OTHERS_FROM = MONITORS_EXEC_FROM | MONITORS_FROM_CONSUL,
};

/* Each 0: the default. */
struct monitor_admission {
	unsigned exec;   /* commands: MONITORS_FROM_… */
	unsigned others; /* all kinds but exec, port and consul */
};

/* Adds what `name` stands for. -EINVAL with a text that names it. */
int monitor_admission_add(unsigned *from, const char *name, struct err *err);

/* 0, or -EACCES with a text that says how to allow it. Judges by source and locality of the spec.
 */
int monitor_admission_check(const struct monitor_admission *admission, const struct app_spec *spec,
			    struct err *err);

#endif
