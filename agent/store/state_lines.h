/* SPDX-License-Identifier: MIT */
/*
 * The lines of the state file: a JSON value each. state_encode.h makes them.
 *
 *	{"vipherald_state": 1, "boot": "…", "netns": "…"}
 *	{"register": [["name", "dns"], ["vip", "192.0.2.53/32"], …], "local": true,
 *	 "lease_until_ms": 1767323045678, "by": "token ops", "admin": true}
 *	{"define": {"name": "dns", "vip": [...], …}, "local": true, "by": …, "admin": true}
 *	{"drain": "dns", "since_ms": …, "until_ms": …, "reason": "…"}     "drain": null: the agent
 *	{"promoted": "dns", "sha256": "…"}                                 of an app with states.join
 *	{"vip": "192.0.2.53/32", "label": "lo:dns"}                        "interface": "dummy0", if not lo
 *	{"peer_disabled": "10.0.0.1", "port": 179, "since_ms": …, "text": "…", "by": "uid 0"}
 *	{"peer_added": {"peer_as": "65000", …}, "peer": "10.0.0.2", "port": 179, "since_ms": …, "by": "uid 0"}
 *	{"roll": {"id": …, "apps": ["dns"], …}, "boot": "…", "since_ms": …}
 *	{"end": 3}                                                         lines between the two
 *
 * Times are CLOCK_REALTIME, milliseconds since 1970. A file without its last line, with any other
 * line, or of another version, is not used at all: part of it would withdraw routes. Only a
 * registration that /register would refuse is left out alone. Pure.
 *
 * "define" is an app of PUT /v1/apps/NAME that says more than the parameters of /register can, with
 * the keys of the configuration (agent/config/define.h). A line of another form needs another
 * version. "by" and "admin" are there only when the principal is neither "local" nor "remote";
 * release 0.1.0 takes such a file, and one with orders for peers, a roll or promotions, for
 * damaged.
 */
#ifndef AGENT_STORE_STATE_LINES_H
#define AGENT_STORE_STATE_LINES_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/app_spec.h"
#include "agent/model/peer_orders.h"
#include "agent/model/roll.h"
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/sha256.h"
#include "lib/wallclock.h"

#define STATE_VERSION   1
#define STATE_BYTES_MAX ((size_t)64 << 20)
#define STATE_ID_MAX    64
#define STATE_LO        "lo" /* the interface of a VIP that names none */

/* The boot and network namespace that the addresses belong to. "": unknown, equal to none. */
struct state_place {
	char boot[STATE_ID_MAX], netns[STATE_ID_MAX];
};

struct state_app {
	struct app_spec spec; /* `lease` is the span that was asked for */
	wall_t lease_until;   /* USEC_NEVER: none */
};

struct state_drain {
	char *name;          /* NULL: the agent */
	wall_t since, until; /* until USEC_NEVER: until it is lifted */
	char *reason;
};

struct state_promotion {
	char *name;
	char sha256[SHA256_TEXT_MAX]; /* config_app_hash() */
};

/* An address that was about to be added. */
struct state_vip {
	struct prefix prefix;
	char ifname[IFNAMSIZ];
	char label[IFNAMSIZ]; /* "" for IPv6 */
};

struct state_contents {
	struct state_place place;
	struct state_app *apps;
	struct state_drain *drains;
	struct state_promotion *promotions;
	struct state_vip *vips;
	struct peer_orders peers;
	struct roll *roll; /* NULL: none */
	char **refused;    /* errors of registrations that were left out */
	size_t n_apps, n_drains, n_promotions, n_vips, n_refused;
	size_t cap_apps, cap_drains, cap_promotions, cap_vips, cap_refused;
};

/* -EBADMSG: damaged. -EPROTONOSUPPORT: another version. Both with a text that names the line, and
 * *ret is untouched. Times are microseconds here. */
int state_decode(const char *text, size_t len, struct state_contents *ret, struct err *err);
void state_contents_done(struct state_contents *c);

#endif
