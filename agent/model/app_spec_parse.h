/* SPDX-License-Identifier: MIT */
/*
 * The definition of an app from text, a piece at a time. Configuration, HTTP, the state file and
 * Consul's tags are read by these, so that each limit and each error text is the same for all.
 * Pure.
 */
#ifndef AGENT_MODEL_APP_SPEC_PARSE_H
#define AGENT_MODEL_APP_SPEC_PARSE_H

#include "agent/model/app_spec.h"
#include "lib/err.h"
#include "monitors/spec.h"

/* Each adds to an incomplete spec; -EINVAL with a text that names the value. Duplicate monitors,
 * NAT mappings, communities and peers are ignored. */
int app_spec_set_name(struct app_spec *s, const char *text, struct err *err);
int app_spec_add_vip(struct app_spec *s, const char *text, struct err *err);
int app_spec_add_monitor(struct app_spec *s, const char *text, struct err *err);
/* Owns the monitor afterwards, whether it is added or not. */
int app_spec_adopt_monitor(struct app_spec *s, struct monitor_spec *m, struct err *err);
/* "all", "any" or a number. */
int app_spec_set_quorum(struct app_spec *s, const char *text, struct err *err);
int app_spec_add_nat(struct app_spec *s, const char *text, struct err *err);
/* "a:b", one of them; and "a:b,c:d", as in vip_communities. */
int app_spec_add_community(struct app_spec *s, const char *text, struct err *err);
int app_spec_add_communities(struct app_spec *s, const char *list, struct err *err);
/* A duration, APP_LEASE_MIN to _MAX. */
int app_spec_set_lease(struct app_spec *s, const char *text, struct err *err);
/* A name of a peer (bgp/peer_filter.h), or several, separated by commas: `peers` and
 * `except_peers`. Whether there is such a peer is not known here. */
int app_spec_add_peers(struct app_spec *s, const char *list, struct err *err);
int app_spec_add_except_peers(struct app_spec *s, const char *list, struct err *err);
/* Once. */
int app_spec_set_bind(struct app_spec *s, const char *text, struct err *err);
int app_spec_set_group(struct app_spec *s, const char *text, struct err *err);

#endif
