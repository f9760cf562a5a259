/* SPDX-License-Identifier: MIT */
/*
 * The agent's configuration: parsed, checked, then never changed. Everything it points to belongs
 * to it. One struct a module; this file gathers them.
 */
#ifndef AGENT_CONFIG_CONFIG_H
#define AGENT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config/added_peers.h"
#include "agent/config/findings.h"
#include "agent/config/set.h"
#include "agent/model/admission.h"
#include "agent/model/aggregate.h"
#include "agent/model/app_selection.h"
#include "agent/model/app_spec.h"
#include "agent/model/fleet_spec.h"
#include "agent/model/hook.h"
#include "agent/model/program_spec.h"
#include "agent/model/vip_policy.h"
#include "agent/model/principal.h"
#include "bgp/config.h"
#include "consul/config.h"
#include "lib/endpoint.h"
#include "lib/err.h"
#include "lib/log_level.h"
#include "lib/mono.h"
#include "lib/sha256.h"
#include "nat/choice.h"

/* Levels are one more than enum log_level; 0: not set. */
struct config_log {
	uint8_t level;
	enum log_format format;
	uint8_t modules[LOG_MODULES_MAX]; /* in the order of log_modules[] */
};

/* Files of agent.api.tls; NULL: not given. */
struct config_tls {
	char *cert, *key, *client_ca;
};

struct config_agent {
	struct config_log log;
	struct endpoint listen_addr;
	struct endpoint read_addr; /* port 0 and no path: none */
	struct api_rules api;
	struct config_tls tls;
	struct monitor_timing monitor_timing; /* the defaults of all monitors */
	uint16_t exec_max;
	span_t hold_down, hold_down_max;
	span_t join_time; /* of apps that do not set it themselves */
	span_t cleanup_timer;
	struct consul_config consul, nomad;
	struct monitor_admission admission;
	char *user; /* an agent started as root becomes this user; NULL: stays root */
	bool drop_privileges;
	bool sandbox;
	struct vip_policy vips;
	char *exec_user; /* commands run as this user; NULL: as the agent */
	char **exec_env; /* further variables of their environment, ends with NULL; NULL: none */
	struct hook_list hooks;
	struct app_selection metrics_of; /* apps with series of their own */
	char *tls_ca; /* CAs that `https` monitors trust; NULL: those of the system */
	span_t drain_time;
	uint32_t drain_until; /* packets a second; 0: by time only */
	bool traffic;         /* count that of VIPs */
	bool shutdown_drain;
	char *disable_file;      /* NULL when not set */
	enum bind bind;          /* of apps that do not set it themselves */
	char *state_file;        /* NULL when not set; "": off */
	span_t keep_last_window; /* 0: monitor_interval */
};

struct config_nat {
	enum nat_choice backend;
};

struct tls_keys;

struct config {
	struct config_set set;            /* its texts */
	char sha256[SHA256_TEXT_MAX];     /* of the file */
	char set_sha256[SHA256_TEXT_MAX]; /* of all texts; the same when nothing is included */
	struct config_agent agent;
	struct tls_keys *tls_keys; /* of agent.tls, as read with the file; NULL: no TLS */
	struct config_nat nat;
	/* `router_id` 0 and peers without an address are filled in from the kernel
	 * (agent/vip/host_addresses.h) before the speaker is created. */
	struct bgp_config bgp;
	struct aggregate_list aggregates; /* bgp.aggregates */
	/* The family of the default gateway that is used for a peer whose `addr` is not set:
	 * AF_INET, AF_INET6, or 0 for IPv4's and, if there is none, IPv6's. */
	uint8_t gateway_family;
	/* The first of bgp.peers; behind them are those of the API (agent/config/api_peer.h), the
	 * only part that changes. */
	size_t n_file_peers;
	char *bgp_text; /* the keys of `bgp` without the peers, JSON: their defaults */
	struct app_spec *apps;
	size_t n_apps;
	struct program_list programs;
	struct fleet_spec fleet;
};

/*
 * Reads, parses and checks. Always fills `findings`; *ret is set and 0 returned only when there is
 * no error in the file itself, else -EINVAL (or the -errno of reading). Of an included file with
 * errors the text of `present` is used, or none; its errors are among the findings, and
 * config_set_broken() counts it.
 */
struct subnets;
/* The peers of the API, which the file may name with a warning: of the agent that runs, or of its
 * state file. */
typedef void config_added_fn(const struct config_agent *agent, struct config_added_peers *ret,
			     void *userdata);
struct config_source {
	const char *file; /* to be read; what is included is relative to it */
	const char *text; /* instead of reading the file */
	size_t len;
	bool bundle;                   /* the text, or the file, is of config_set_bundle() */
	const struct subnets *subnets; /* of this host, to outlive the loader; NULL: it is asked */
	const struct config_set
		*present;       /* texts of before; NULL: none. It has to outlive the loader. */
	config_added_fn *added; /* NULL: there are none */
	void *added_userdata;
};
int config_load_source(const struct config_source *source, struct config **ret,
		       struct config_findings *findings);
/* `file` on its own. */
int config_load(const char *file, struct config **ret, struct config_findings *findings);
/* Text in memory, which includes nothing. */
int config_load_text(const char *text, size_t len, struct config **ret,
		     struct config_findings *findings);
/* In steps of a few milliseconds, whatever the size of the files. `text` has to outlive the
 * loader. */
struct config_loader;
struct config_loader *config_loader_new(const struct config_source *source,
					struct config_findings *findings);
/* 1: more is left; 0: *ret is set; -errno. Not to be called again after the last two. */
int config_loader_step(struct config_loader *l, struct config **ret);
void config_loader_free(struct config_loader *l);
void config_free(struct config *c);
/* Frees at most `n` apps of a configuration that is to be freed; false: all are. */
bool config_free_apps(struct config *c, size_t n);

#endif
