/* SPDX-License-Identifier: MIT */
#include "consul/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

void consul_state_init(struct consul_state *s, bool warning_fails, usec_t max_stale)
{
	*s = (struct consul_state){
		.warning_fails = warning_fails,
		.max_stale = max_stale,
		.stale_since = USEC_NEVER,
	};
}

/* ---- entries ---- */

static void instances_free(struct consul_service *instances, size_t n)
{
	struct consul_catalog c = { .services = instances, .n = n };
	consul_catalog_done(&c);
}

static void entry_free(struct consul_state *s, struct consul_entry *e)
{
	HASH_DELETE(hh, s->entries, e);
	instances_free(e->instances, e->n);
	free(e->name);
	free(e);
}

void consul_state_done(struct consul_state *s)
{
	struct consul_entry *e, *next;
	HASH_ITER (hh, s->entries, e, next)
		entry_free(s, e);
	consul_checks_done(&s->checks);
}

static struct consul_entry *find(const struct consul_state *s, const char *name)
{
	struct consul_entry *e;
	HASH_FIND(hh, s->entries, name, strlen(name), e);
	return e;
}

static struct consul_entry *entry_new(struct consul_state *s, const char *name)
{
	struct consul_entry *e = mem_new(1, sizeof(*e));
	e->name = mem_strdup(name);
	e->held_since = USEC_NEVER;
	HASH_ADD_KEYPTR(hh, s->entries, e->name, strlen(e->name), e);
	return e;
}

/* ---- checks of a service ---- */

/* The first check whose service is not before `name`. */
static size_t lower_bound(const struct consul_checks *c, const char *name)
{
	size_t low = 0, high = c->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(c->items[middle].service, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct consul_check *checks_of(const struct consul_state *s, const char *name,
					    size_t *ret_n)
{
	size_t first = lower_bound(&s->checks, name), n = 0;
	while (first + n < s->checks.n && str_equal(s->checks.items[first + n].service, name))
		n++;
	*ret_n = n;
	return n > 0 ? &s->checks.items[first] : NULL;
}

static bool passes(const struct consul_state *s, const struct consul_check *c)
{
	return c->status == CONSUL_PASSING || (c->status == CONSUL_WARNING && !s->warning_fails);
}

/* Consul makes every check critical until it has run, and a check that ran says something. */
static bool never_ran(const struct consul_check *c)
{
	return c->status == CONSUL_CRITICAL && !c->output[0];
}

static bool is_serf(const struct consul_check *c)
{
	return str_equal(c->id, "serfHealth");
}

/* ---- judging ---- */

static void describe(const struct consul_check *c, char said[static CONSUL_SAID_MAX])
{
	char id[96];
	str_printable(id, sizeof(id), c->id, strlen(c->id));
	snprintf(said, CONSUL_SAID_MAX, "%scheck '%s' is %s%s%s",
		 c->service[0] ? "" : "the node's ", id, consul_status_name(c->status),
		 c->output[0] ? ": " : "", c->output);
}

/* The first of the checks that fails for sure, else one that only seems to. */
static enum consul_health judge_checks(const struct consul_state *s, const char *service,
				       bool doubt, char said[static CONSUL_SAID_MAX])
{
	size_t n;
	const struct consul_check *checks = checks_of(s, service, &n), *unsure = NULL;
	for (size_t i = 0; i < n; i++) {
		if (passes(s, &checks[i]))
			continue;
		describe(&checks[i], said);
		if (!doubt || !(never_ran(&checks[i]) || is_serf(&checks[i])))
			return CONSUL_FAILS;
		unsure = &checks[i];
	}
	return unsure ? CONSUL_UNKNOWN : CONSUL_PASSES;
}

static bool too_old(const struct consul_state *s, usec_t since, usec_t now)
{
	return since != USEC_NEVER && now >= usec_add(since, s->max_stale);
}

static enum consul_health judge_entry(const struct consul_state *s, const struct consul_entry *e,
				      usec_t now, char said[static CONSUL_SAID_MAX])
{
	if (too_old(s, e->held_since, now)) {
		snprintf(said, CONSUL_SAID_MAX,
			 "Consul lost this service longer ago than consul_max_stale allows");
		return CONSUL_FAILS;
	}
	if (e->held_since != USEC_NEVER) {
		snprintf(said, CONSUL_SAID_MAX,
			 "Consul lost this service when it lost its memory: what was known stays");
		return CONSUL_UNKNOWN;
	}
	if (e->needs_checks > 0 || e->needs_catalog > 0) {
		snprintf(said, CONSUL_SAID_MAX, "Consul is being asked for its checks");
		return CONSUL_UNKNOWN;
	}
	enum consul_health node = judge_checks(s, "", e->passed && now < s->settle_until, said);
	if (node == CONSUL_FAILS)
		return node;
	enum consul_health own = judge_checks(s, e->name, e->passed && now < e->settle_until, said);
	return own == CONSUL_PASSES ? node : own;
}

enum consul_health consul_state_judge(const struct consul_state *s, const char *service, usec_t now,
				      char said[static CONSUL_SAID_MAX])
{
	const struct consul_entry *e = find(s, service);
	said[0] = 0;
	if (too_old(s, s->stale_since, now)) {
		snprintf(said, CONSUL_SAID_MAX,
			 "Consul has not answered for longer than consul_max_stale allows");
		return CONSUL_FAILS;
	}
	if (!s->has_catalog || !s->has_checks) {
		snprintf(said, CONSUL_SAID_MAX, "Consul has not answered yet");
		return CONSUL_UNKNOWN;
	}
	if (e)
		return judge_entry(s, e, now, said);
	snprintf(said, CONSUL_SAID_MAX, "Consul has no service of this name on this node");
	return CONSUL_FAILS;
}

usec_t consul_state_deadline(const struct consul_state *s, usec_t now)
{
	usec_t next = usec_add(s->stale_since, s->max_stale);
	if (next <= now)
		next = USEC_NEVER;
	if (s->settle_until > now)
		next = usec_min(next, s->settle_until);
	for (const struct consul_entry *e = s->entries; e; e = e->hh.next) {
		usec_t limit = usec_add(e->held_since, s->max_stale);
		if (e->settle_until > now)
			next = usec_min(next, e->settle_until);
		if (limit > now)
			next = usec_min(next, limit);
	}
	return next;
}

/* ---- what is remembered from one answer to the next ---- */

static void remember_judgements(struct consul_state *s, usec_t now)
{
	char said[CONSUL_SAID_MAX];
	for (struct consul_entry *e = s->entries; e; e = e->hh.next) {
		enum consul_health h = consul_state_judge(s, e->name, now, said);
		if (h != CONSUL_UNKNOWN)
			e->passed = h == CONSUL_PASSES;
	}
}

static bool any_doubtful(const struct consul_state *s, const char *service)
{
	size_t n;
	const struct consul_check *checks = checks_of(s, service, &n);
	for (size_t i = 0; i < n; i++)
		if (never_ran(&checks[i]) || (is_serf(&checks[i]) && !passes(s, &checks[i])))
			return true;
	return false;
}

/* The first answer after a restart may still be what the servers knew before it. So only checks
 * that were seen not to have run, and then to have, are believed at once again. */
static void settle_one(bool doubtful, bool *doubted, usec_t *settle_until)
{
	if (*doubted && !doubtful)
		*settle_until = 0;
	*doubted = doubtful;
}

static void settle(struct consul_state *s)
{
	settle_one(any_doubtful(s, ""), &s->doubted, &s->settle_until);
	for (struct consul_entry *e = s->entries; e; e = e->hh.next)
		if (e->settle_until > 0 && e->held_since == USEC_NEVER)
			settle_one(any_doubtful(s, e->name), &e->doubted, &e->settle_until);
}

/* Before the answer that regained contact is looked at. */
static void unsettle(struct consul_state *s, const struct consul_step *step, usec_t now)
{
	if (!step->regained && !step->restarted)
		return;
	s->settle_until = usec_add(now, CONSUL_SETTLE);
	s->doubted = false;
	for (struct consul_entry *e = s->entries; e; e = e->hh.next) {
		e->settle_until = usec_add(now, CONSUL_SETTLE);
		e->doubted = false;
	}
}

/* ---- services ---- */

static bool same_tags(const struct consul_service *a, const struct consul_service *b)
{
	if (!a->tags || !b->tags)
		return !a->tags && !b->tags;
	if (a->n_tags != b->n_tags)
		return false;
	for (size_t i = 0; i < a->n_tags; i++)
		if (!str_equal(a->tags[i], b->tags[i]))
			return false;
	return true;
}

static bool same_instances(const struct consul_entry *e, const struct consul_service *b, size_t n)
{
	if (!e->instances || e->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_equal(e->instances[i].id, b[i].id) || !same_tags(&e->instances[i], &b[i]))
			return false;
	return true;
}

/* The instances of one name, which stand together in the answer; their contents move over. */
static void take_instances(struct consul_state *s, struct consul_service *first, size_t n,
			   uint64_t last_question, usec_t now)
{
	size_t n_checks;
	struct consul_entry *e = find(s, first->name);
	bool back = e && e->held_since != USEC_NEVER;
	if (!e)
		e = entry_new(s, first->name);
	if (back) {
		e->settle_until = usec_add(now, CONSUL_SETTLE);
		e->doubted = false;
	}
	checks_of(s, e->name, &n_checks);
	if (!e->instances || back)
		e->needs_checks = n_checks > 0 && !back ? 0 : last_question;
	if (back || !same_instances(e, first, n))
		e->changed = ++s->generation;
	instances_free(e->instances, e->n);
	e->instances = mem_copy(first, n * sizeof(*first));
	e->n = n;
	e->held_since = USEC_NEVER;
	e->had_checks = n_checks > 0;
	e->seen = true;
	memset(first, 0, n * sizeof(*first));
}

static void take_all(struct consul_state *s, struct consul_catalog *c, uint64_t last_question,
		     usec_t now)
{
	for (size_t i = 0, n; i < c->n; i += n) {
		for (n = 1; i + n < c->n; n++)
			if (!str_equal(c->services[i].name, c->services[i + n].name))
				break;
		take_instances(s, &c->services[i], n, last_question, now);
	}
}

/* What was not in the answer goes when Consul knew it and took it away, else it is held. */
static void drop_unseen(struct consul_state *s, enum consul_take take, usec_t now)
{
	struct consul_entry *e, *next;
	HASH_ITER (hh, s->entries, e, next) {
		bool seen = e->seen;
		e->seen = false;
		if (seen || e->held_since != USEC_NEVER)
			continue;
		e->changed = ++s->generation;
		if (take == CONSUL_FOLLOW)
			entry_free(s, e);
		else
			e->held_since = now;
	}
}

void consul_state_take_catalog(struct consul_state *s, struct consul_catalog *catalog,
			       const struct consul_step *step, uint64_t question,
			       uint64_t last_question, usec_t now)
{
	unsettle(s, step, now);
	take_all(s, catalog, last_question, now);
	drop_unseen(s, step->take, now);
	for (struct consul_entry *e = s->entries; e; e = e->hh.next)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it loses track of uthash's head. */
		if (question > e->needs_catalog)
			e->needs_catalog = 0;
	s->has_catalog = true;
	settle(s);
	remember_judgements(s, now);
	consul_catalog_done(catalog);
}

/* ---- checks ---- */

static void take_checks_of(const struct consul_state *s, struct consul_entry *e, uint64_t question,
			   uint64_t last_question)
{
	size_t n;
	checks_of(s, e->name, &n);
	if (question > e->needs_checks || n > 0)
		e->needs_checks = 0;
	if (n > 0)
		e->needs_catalog = 0;
	else if (e->had_checks)
		e->needs_catalog = last_question;
	e->had_checks = n > 0;
}

void consul_state_take_checks(struct consul_state *s, struct consul_checks *checks,
			      const struct consul_step *step, uint64_t question,
			      uint64_t last_question, usec_t now)
{
	unsettle(s, step, now);
	consul_checks_done(&s->checks);
	s->checks = *checks;
	*checks = (struct consul_checks){ 0 };
	s->has_checks = true;
	for (struct consul_entry *e = s->entries; e; e = e->hh.next)
		take_checks_of(s, e, question, last_question);
	settle(s);
	remember_judgements(s, now);
}

bool consul_state_needs_checks(const struct consul_state *s)
{
	for (const struct consul_entry *e = s->entries; e; e = e->hh.next)
		if (e->needs_checks > 0)
			return true;
	return false;
}

bool consul_state_needs_catalog(const struct consul_state *s)
{
	for (const struct consul_entry *e = s->entries; e; e = e->hh.next)
		if (e->needs_catalog > 0)
			return true;
	return false;
}
