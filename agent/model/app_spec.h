/* SPDX-License-Identifier: MIT */
/*
 * The definition of an app, wherever it came from: name, VIPs, communities, monitors, NAT.
 * A value that owns its strings; agent/model/app_spec_parse.h builds it from text. Pure.
 */
#ifndef AGENT_MODEL_APP_SPEC_H
#define AGENT_MODEL_APP_SPEC_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/announce_spec.h"
#include "agent/model/bind.h"
#include "bgp/config.h"
#include "bgp/peer_filter.h"
#include "lib/addr.h"
#include "lib/err.h"
#include "monitors/spec.h"
#include "nat/rules.h"

/* In the order of their precedence. */
enum app_source {
	APP_FROM_CONFIG,
	APP_FROM_PROCESS,
	APP_FROM_HTTP,
	APP_FROM_CONSUL,
	APP_FROM_NOMAD,
};
const char *app_source_name(enum app_source s); /* "config", "process", "http", "consul", "nomad" */

/* Of a lease. */
#define APP_LEASE_MIN (1 * USEC_PER_SEC)
#define APP_LEASE_MAX (USEC_PER_SEC * 86400 * 30)

#define APP_NAME_MAX     128
#define APP_VIPS_MAX     64
#define APP_MONITORS_MAX 32
#define APP_NATS_MAX     64
#define APP_PEERS_MAX    64

struct app_spec {
	char *name;
	enum app_source source;
	bool local;   /* of HTTP: the client was on this host */
	bool admin;   /* of HTTP: the client had proved to be admin (agent/model/principal.h) */
	char *by;     /* of HTTP: the name of the principal; NULL: not known */
	span_t lease; /* of HTTP: its length; 0: no lease */
	struct prefix *vips;
	size_t n_vips;
	struct bgp_communities communities;
	struct monitor_spec *monitors;
	size_t n_monitors;
	uint16_t quorum;                 /* how many monitors must pass; 0: all */
	span_t hold_down, hold_down_max; /* 0: the agent's */
	span_t join_time;                /* likewise; of apps with states.join */
	struct nat_spec *nats;
	size_t n_nats;
	struct announce_specs *announce; /* NULL: the defaults */
	struct bgp_peer_filter *peers;   /* that its routes are for; NULL: all */
	char *group;                     /* NULL: none */
	bool keep_last;                  /* of a group only */
	char *disable_file;              /* NULL: none */
	char interface[IFNAMSIZ];        /* "": lo */
	bool nonlocal_ok;                /* of bind: route: no service binds an IPv6 VIP */
	enum bind bind;
	enum bind agent_bind; /* the agent's, which counts when that is unset */
};

void app_spec_done(struct app_spec *s);
void app_spec_copy(struct app_spec *dst, const struct app_spec *src);
/* The same definition: source, principal, lease and the order of VIPs, monitors and NAT mappings do
 * not matter. */
bool app_spec_equal(const struct app_spec *a, const struct app_spec *b);
/* The same VIPs; in the same order, too, where that matters to their attributes. */
bool app_spec_vips_alike(const struct app_spec *a, const struct app_spec *b);
/* Which of its VIPs this is, from 0; n_vips: none. */
size_t app_spec_vip_place(const struct app_spec *s, const struct prefix *vip);

/* Its own, else the agent's, else BIND_ADDRESS. */
enum bind app_spec_bind(const struct app_spec *s);

/* That its VIPs are bound to. */
const char *app_spec_interface(const struct app_spec *s);
/* The interface on which its addresses or routes are to be; NULL: there are none. */
const char *app_spec_place(const struct app_spec *s);
/* Both have their VIPs at the same place, and in the same way. */
bool app_spec_bound_alike(const struct app_spec *a, const struct app_spec *b);

/* The same mappings, in any order. */
bool app_spec_nats_equal(const struct app_spec *a, const struct app_spec *b);

/* The same checks, in the same order, and as many of them have to pass. */
bool app_spec_monitors_equal(const struct app_spec *a, const struct app_spec *b);

/* The size of what it says, for budgets; about that of its line in the state file. */
size_t app_spec_bytes(const struct app_spec *s);

/* Its announce specs, to be filled; allocated on first use. */
struct announce_specs *app_spec_announce(struct app_spec *s);
/* Its filter of peers, to be filled; allocated on first use. */
struct bgp_peer_filter *app_spec_peers(struct app_spec *s);
/* Checks the whole: it has a name and a VIP, no duplicate VIP, and a quorum that can be reached. */
int app_spec_check(const struct app_spec *s, struct err *err);
/* Part of it: whether its VIPs can be bound as it says. */
int app_spec_check_bind(const struct app_spec *s, struct err *err);

bool app_spec_has_family(const struct app_spec *s, uint8_t family); /* of a VIP */
/* Whether a monitor checks one of the app's own VIPs, which must be bound for that. */
bool app_spec_checks_own_vip(const struct app_spec *s);

#endif
