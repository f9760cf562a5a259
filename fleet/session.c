/* SPDX-License-Identifier: MIT */
#include "fleet/session.h"

#include <stdio.h>

#include "lib/xorshift.h"

void fleet_session_init(struct fleet_session *s, span_t ttl, span_t timeout, span_t spread,
			uint32_t seed, mono_t now)
{
	*s = (struct fleet_session){ .ttl = ttl,
				     .timeout = timeout,
				     .spread = spread,
				     .next_at = now,
				     .random = seed ? seed : 1 };
	s->backoff = (struct backoff){ .first = timeout, .max = ttl / 3 };
}

static void forget(struct fleet_session *s, mono_t now)
{
	s->id[0] = '\0';
	s->until = 0;
	s->request = 0;
	s->is_doubted = false;
	s->next_at = usec_add(now, s->spread ? xorshift32(&s->random) % s->spread : 0);
}

static void retry(struct fleet_session *s, mono_t now)
{
	s->request = 0;
	s->next_at = usec_add(now, backoff_next(&s->backoff, xorshift32(&s->random)));
}

static enum fleet_session_request next_kind(const struct fleet_session *s)
{
	if (!s->id[0])
		return FLEET_SESSION_CREATE;
	return s->is_doubted ? FLEET_SESSION_INFO : FLEET_SESSION_RENEW;
}

uint64_t fleet_session_next(struct fleet_session *s, mono_t now)
{
	if (s->id[0] && now >= s->until)
		forget(s, now);
	if (s->request && now >= usec_add(s->sent, s->timeout))
		retry(s, now);
	if (s->request || now < s->next_at)
		return 0;
	s->kind = next_kind(s);
	s->sent = now;
	s->request = ++s->last_request;
	return s->request;
}

static void accept(struct fleet_session *s, const char *id)
{
	s->request = 0;
	if (s->kind == FLEET_SESSION_CREATE)
		snprintf(s->id, sizeof(s->id), "%s", id);
	s->until = usec_add(s->sent, s->ttl);
	s->next_at = usec_add(s->sent, jitter(s->ttl / 3, xorshift32(&s->random)));
	backoff_reset(&s->backoff);
}

/* By a renewal, it is looked for; by that, it is over. */
static void gone(struct fleet_session *s, mono_t now)
{
	if (s->kind == FLEET_SESSION_INFO) {
		forget(s, now);
		return;
	}
	s->request = 0;
	s->is_doubted = true;
	s->next_at = now;
}

void fleet_session_answer(struct fleet_session *s, uint64_t request,
			  enum fleet_session_result result, const char *id, mono_t now)
{
	if (request == 0 || request != s->request)
		return;
	switch (result) {
	case FLEET_SESSION_OK:
		s->is_doubted = false;
		if (s->kind == FLEET_SESSION_INFO)
			retry(s, now);
		else
			accept(s, id);
		break;
	case FLEET_SESSION_GONE:
		gone(s, now);
		break;
	case FLEET_SESSION_FAILED:
		retry(s, now);
		break;
	}
}

mono_t fleet_session_deadline(const struct fleet_session *s)
{
	mono_t at = s->request ? usec_add(s->sent, s->timeout) : s->next_at;
	return s->id[0] ? usec_min(at, s->until) : at;
}
