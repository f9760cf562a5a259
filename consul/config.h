/* SPDX-License-Identifier: MIT */
/*
 * How to reach Consul and what to take from it, as the configuration file says it. Texts are NULL
 * when not set. The environment is added by consul/settings.h. Pure.
 */
#ifndef CONSUL_CONFIG_H
#define CONSUL_CONFIG_H

#include <stdbool.h>

#include "lib/mono.h"

struct consul_config {
	bool nomad; /* the other of HashiCorp's catalogs, with the same queries (consul/nomad.h) */
	char *addr; /* NULL: no Consul, unless the environment names one */
	char *token, *token_file;
	char *ca_file, *cert_file, *key_file;
	bool tls_verify;
	char *datacenter, *namespace, *partition; /* of Nomad: region, namespace, none */
	char *match_tag;
	bool warning_fails;
	span_t query_interval; /* the longest silence before everything is read again */
	span_t max_stale;      /* 0: no limit */
	bool publish;
};

/* Frees the texts. */
void consul_config_done(struct consul_config *c);

#endif
