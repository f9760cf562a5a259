/* SPDX-License-Identifier: MIT */
/* The options of ExaBGP's health check, `python3 -m exabgp healthcheck`. Pure. */
#ifndef AGENT_CONVERT_EXABGP_HEALTHCHECK_H
#define AGENT_CONVERT_EXABGP_HEALTHCHECK_H

#include "agent/convert/document.h"
#include "agent/convert/statements.h"

struct exabgp_healthcheck {
	struct convert *c;
	const char *program;                /* its name in ExaBGP's configuration */
	const struct statement *run;        /* run /usr/bin/python3 -m exabgp healthcheck … */
	const struct convert_input *inputs; /* among them the file of --config */
	size_t n_inputs;
	json_t *values; /* option -> list of texts, the last one counts */
};

/* False: it is another program. Else `values` is what its options say, to be released. */
bool exabgp_healthcheck_read(struct exabgp_healthcheck *h);
/* Announced prefixes; NULL: those on lo at its start. */
const json_t *exabgp_healthcheck_prefixes(const struct exabgp_healthcheck *h);
/* The last one; NULL: the option was not given. */
const char *exabgp_healthcheck_value(const struct exabgp_healthcheck *h, const char *name);

#endif
