/* SPDX-License-Identifier: MIT */
/*
 * Consul as a source of apps and of health: what the client knows is brought to the registry and
 * to the monitors.
 *
 *	consul/client ── services ──> consul_app ──> registry (source consul)
 *	              └─ judgements ─> the feed of `consul` monitors
 *
 * Level-triggered: every service is always in one of the states below, and is looked at again when
 * it changes or when a name or VIP becomes free. A service that is broken or refused keeps the
 * definition that it had, and never stops the others.
 */
#ifndef AGENT_DISCOVERY_DISCOVERY_H
#define AGENT_DISCOVERY_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "consul/client.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "monitors/runner.h"

enum discovered_state {
	DISCOVERED_REGISTERED,
	DISCOVERED_BROKEN,    /* its tags are no app */
	DISCOVERED_REFUSED,   /* it brings commands, agent.exec.allow_from */
	DISCOVERED_CONFLICT,  /* name or VIP belong to somebody who comes before */
	DISCOVERED_DISMISSED, /* unregistered over HTTP; until its tags change */
};
const char *discovered_state_name(enum discovered_state s);

/* A service with the match tag. */
struct discovered {
	char *name; /* the key */
	enum discovered_state state;
	char *problem;         /* NULL: none; may be there although it is registered */
	char *note;            /* what is wrong with the tags, although they are an app */
	char *rival;           /* of a conflict: the app that has the name or the VIP; else NULL */
	usec_t since;          /* of the state */
	usec_t retained_since; /* Consul lost it: USEC_NEVER */
	struct app_spec *spec; /* of the tags as they are now; NULL while they are broken */
	uint64_t looked_at;    /* the entry's mark, consul/catalog.h */
	bool seen;
	struct list_node queue;
	UT_hash_handle hh;
};

struct discovery;

/* Called once, from the loop, when the services that Consul has are registered. */
typedef void discovery_ready_cb(void *userdata);

/* *ret is NULL, and 0 returned, when no Consul is configured. */
int discovery_new(sd_event *loop, const struct config_agent *config, struct registry *registry,
		  struct monitor_runner *runner, discovery_ready_cb *ready, void *userdata,
		  struct discovery **ret, struct err *err);
/* The agent stops: nothing is registered any more, and what was published is taken back. */
void discovery_stop(struct discovery *d);
/* Leaves the registry as it is. NULL is fine, here and below. */
void discovery_free(struct discovery *d);

/* An HTTP request took the app `name` away. */
void discovery_dismiss(struct discovery *d, const char *name);

/* What there is to show. */
const struct consul_client *discovery_client(const struct discovery *d);
const struct discovered *discovery_first(const struct discovery *d);
/* The service that would have the app's name or VIP, NULL: none. */
const struct discovered *discovery_rival_of(const struct discovery *d, const char *app);

#endif
