/* SPDX-License-Identifier: MIT */
/*
 * Configuration file and environment together. Pure: the environment comes in as a function.
 *
 *	environment                            beats              default
 *	CONSUL_HTTP_ADDR, CONSUL_HTTP_SSL      consul_addr        no Consul
 *	CONSUL_TOKEN, CONSUL_HTTP_TOKEN        consul_token       none
 *	CONSUL_HTTP_TOKEN_FILE                 consul_token_file  none
 *	CONSUL_CACERT                          consul_ca_cert     the system's
 *	CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY  consul_client_…    none
 *	CONSUL_HTTP_SSL_VERIFY                 consul_tls_verify  true
 *	CONSUL_NAMESPACE, CONSUL_PARTITION     consul_namespace … none
 *	CONSUL_NODE                            -                  as the local agent says
 *	CONSUL_STALE                           -                  false
 *
 * Of Nomad:
 *
 *	NOMAD_ADDR                             nomad_addr         no Nomad
 *	NOMAD_TOKEN                            nomad_token, nomad_token_file
 *	NOMAD_CACERT, NOMAD_CLIENT_CERT, NOMAD_CLIENT_KEY
 *	                                       nomad_ca_cert, nomad_client_…
 *	NOMAD_SKIP_VERIFY                      nomad_tls_verify   verified
 *	NOMAD_NAMESPACE, NOMAD_REGION          nomad_namespace, nomad_region
 */
#ifndef CONSUL_SETTINGS_H
#define CONSUL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "consul/config.h"
#include "consul/payload.h"
#include "lib/err.h"

#define CONSUL_URL_MAX 2048

struct consul_settings {
	bool nomad;
	char base[512];      /* "http://127.0.0.1:8500", without /v1 */
	char unix_path[108]; /* "" or where to connect instead */
	const char *node;    /* NULL: ask the local agent */
	const char *token, *token_file;
	const char *ca_file, *cert_file, *key_file;
	bool insecure;
	bool stale;
	bool consistent; /* reads are of what the leader has confirmed, whatever `stale` says */
	const char *datacenter, *namespace, *partition;
};

typedef const char *consul_getenv(const char *name);

/* The texts are views into `config` and the environment. -ENOENT: no Consul is configured.
 * -EINVAL with a text that names the value. */
int consul_settings_make(const struct consul_config *config, consul_getenv *env,
			 struct consul_settings *ret, struct err *err);

/* BASE/v1/PATH[/NAME]?…; NAME is percent-encoded. `index` 0: answer at once, else wait for at most
 * `wait_ms` until the index exceeds it. False when it does not fit. */
bool consul_settings_url(const struct consul_settings *s, const char *path, const char *name,
			 uint64_t index, unsigned wait_ms, char buf[static CONSUL_URL_MAX]);
/* The same in another namespace than that of the settings; NULL: none is said. */
bool consul_settings_url_in(const struct consul_settings *s, const char *namespace,
			    const char *path, const char *name, uint64_t index, unsigned wait_ms,
			    char buf[static CONSUL_URL_MAX]);

#endif
