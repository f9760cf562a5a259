/* SPDX-License-Identifier: MIT */
/*
 * The agent's session in Consul: created, renewed, and created again when it has ended. Pure.
 *
 * A session lives for `ttl` after the renewal was sent, at least: Consul may keep it longer, never
 * shorter. A renewal that finds no session is not believed before a consistent read has said the
 * same: Consul 1.8.7 renews before it has read its log after a restart. After a loss that others
 * share, such as a restart of Consul, agents come back spread over `spread`.
 */
#ifndef FLEET_SESSION_H
#define FLEET_SESSION_H

#include <stdbool.h>

#include "fleet/guard.h"
#include "lib/backoff.h"
#include "lib/mono.h"

enum fleet_session_request {
	FLEET_SESSION_CREATE,
	FLEET_SESSION_RENEW,
	FLEET_SESSION_INFO, /* whether it is there, by a consistent read */
};
enum fleet_session_result { FLEET_SESSION_OK, FLEET_SESSION_GONE, FLEET_SESSION_FAILED };

struct fleet_session {
	char id[FLEET_SESSION_MAX]; /* "" when there is none */
	mono_t until;               /* it lives until then at least; 0 when there is none */
	span_t ttl, timeout, spread;
	uint64_t request, last_request; /* in flight when not 0 */
	enum fleet_session_request kind;
	mono_t sent, next_at;
	bool is_doubted; /* a renewal did not find it */
	struct backoff backoff;
	uint32_t random;
};

void fleet_session_init(struct fleet_session *s, span_t ttl, span_t timeout, span_t spread,
			uint32_t seed, mono_t now);
/* Lets time pass: a session that was not renewed is forgotten. Returns the number of the request
 * that is to be sent, 0 for none. The caller compares `id` before and after. */
uint64_t fleet_session_next(struct fleet_session *s, mono_t now);
/* `id` of a CREATE that is OK. */
void fleet_session_answer(struct fleet_session *s, uint64_t request,
			  enum fleet_session_result result, const char *id, mono_t now);
mono_t fleet_session_deadline(const struct fleet_session *s);

#endif
