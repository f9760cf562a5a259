/* SPDX-License-Identifier: MIT */
#include "consul/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

void consul_catalog_init(struct consul_catalog *c, bool warning_fails, span_t max_stale)
{
	*c = (struct consul_catalog){
		.warning_fails = warning_fails,
		.max_stale = max_stale,
		.stale_since = USEC_NEVER,
	};
}

/* ---- entries ---- */

static void instances_free(struct consul_service *instances, size_t n)
{
	struct consul_services owned = { .items = instances, .n = n };
	consul_services_done(&owned);
}

static void entry_free(struct consul_catalog *c, struct consul_entry *e)
{
	HASH_DELETE(hh, c->entries, e);
	instances_free(e->instances, e->n);
	free(e->name);
	free(e);
}

void consul_catalog_done(struct consul_catalog *c)
{
	struct consul_entry *e, *next;
	HASH_ITER (hh, c->entries, e, next)
		entry_free(c, e);
	consul_checks_done(&c->checks);
}

static struct consul_entry *find(const struct consul_catalog *c, const char *name)
{
	struct consul_entry *e;
	HASH_FIND(hh, c->entries, name, strlen(name), e);
	return e;
}

const struct consul_entry *consul_catalog_find(const struct consul_catalog *c, const char *name)
{
	return find(c, name);
}

static struct consul_entry *entry_new(struct consul_catalog *c, const char *name)
{
	struct consul_entry *e = mem_new(1, sizeof(*e));
	e->name = mem_strdup(name);
	e->retained_since = USEC_NEVER;
	HASH_ADD_KEYPTR(hh, c->entries, e->name, strlen(e->name), e);
	return e;
}

/* ---- checks of a service ---- */

/* The first check whose service is not before `name`. */
static size_t lower_bound(const struct consul_checks *checks, const char *name)
{
	size_t low = 0, high = checks->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(checks->items[middle].service, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct consul_check *checks_of(const struct consul_catalog *c, const char *name,
					    size_t *ret_n)
{
	size_t first = lower_bound(&c->checks, name), n = 0;
	while (first + n < c->checks.n && str_equal(c->checks.items[first + n].service, name))
		n++;
	*ret_n = n;
	return n > 0 ? &c->checks.items[first] : NULL;
}

static bool passes(const struct consul_catalog *c, const struct consul_check *check)
{
	return check->status == CONSUL_PASSING ||
	       (check->status == CONSUL_WARNING && !c->warning_fails);
}

/* Consul starts every check as critical; a check that ran has an output. */
static bool never_ran(const struct consul_check *check)
{
	return check->status == CONSUL_CRITICAL && !check->output[0];
}

static bool is_serf(const struct consul_check *check)
{
	return str_equal(check->id, "serfHealth");
}

/* ---- judging ---- */

static void describe(const struct consul_check *check, char said[static CONSUL_SAID_MAX])
{
	char id[96];
	str_printable(id, sizeof(id), check->id, strlen(check->id));
	snprintf(said, CONSUL_SAID_MAX, "%scheck '%s' is %s%s%s",
		 check->service[0] ? "" : "the node's ", id, consul_status_name(check->status),
		 check->output[0] ? ": " : "", check->output);
}

/* Describes the first check that fails for certain, else one that is in doubt. */
static enum consul_health judge_checks(const struct consul_catalog *c, const char *service,
				       bool doubt, char said[static CONSUL_SAID_MAX])
{
	size_t n;
	const struct consul_check *checks = checks_of(c, service, &n), *unsure = NULL;
	for (size_t i = 0; i < n; i++) {
		if (passes(c, &checks[i]))
			continue;
		describe(&checks[i], said);
		if (!doubt || !(never_ran(&checks[i]) || is_serf(&checks[i])))
			return CONSUL_FAILS;
		unsure = &checks[i];
	}
	return unsure ? CONSUL_UNKNOWN : CONSUL_PASSES;
}

static bool too_old(const struct consul_catalog *c, mono_t since, mono_t now)
{
	return since != USEC_NEVER && now >= usec_add(since, c->max_stale);
}

static enum consul_health judge_entry(const struct consul_catalog *c, const struct consul_entry *e,
				      mono_t now, char said[static CONSUL_SAID_MAX])
{
	if (too_old(c, e->retained_since, now)) {
		snprintf(said, CONSUL_SAID_MAX,
			 "retained after a reset of Consul state for longer than consul_max_stale");
		return CONSUL_FAILS;
	}
	if (e->retained_since != USEC_NEVER) {
		snprintf(said, CONSUL_SAID_MAX,
			 "Consul state was reset and lost this service: its last health is "
			 "retained");
		return CONSUL_UNKNOWN;
	}
	if (e->needs_checks > 0 || e->needs_services > 0) {
		snprintf(said, CONSUL_SAID_MAX, "waiting for Consul to answer about its checks");
		return CONSUL_UNKNOWN;
	}
	enum consul_health node = judge_checks(c, "", e->passed && now < c->settle_until, said);
	if (node == CONSUL_FAILS)
		return node;
	enum consul_health own = judge_checks(c, e->name, e->passed && now < e->settle_until, said);
	return own == CONSUL_PASSES ? node : own;
}

enum consul_health consul_catalog_judge(const struct consul_catalog *c, const char *service,
					mono_t now, char said[static CONSUL_SAID_MAX])
{
	const struct consul_entry *e = find(c, service);
	said[0] = 0;
	if (too_old(c, c->stale_since, now)) {
		snprintf(said, CONSUL_SAID_MAX,
			 "no answer from Consul for longer than consul_max_stale");
		return CONSUL_FAILS;
	}
	if (!c->has_services || !c->has_checks) {
		snprintf(said, CONSUL_SAID_MAX, "no answer from Consul yet");
		return CONSUL_UNKNOWN;
	}
	if (e)
		return judge_entry(c, e, now, said);
	snprintf(said, CONSUL_SAID_MAX, "no service of this name registered on this node");
	return CONSUL_FAILS;
}

bool consul_catalog_fails_away(const struct consul_catalog *c, const char *service, mono_t now,
			       mono_t *ret_at)
{
	char said[CONSUL_SAID_MAX];
	struct consul_catalog away = *c; /* a view */
	const struct consul_entry *e = find(c, service);
	away.stale_since = usec_min(c->stale_since, now);
	const mono_t times[] = {
		now,
		c->settle_until,
		usec_add(away.stale_since, c->max_stale),
		e ? e->settle_until : USEC_NEVER,
		e ? usec_add(e->retained_since, c->max_stale) : USEC_NEVER,
	};
	mono_t first = USEC_NEVER;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (times[i] >= now && times[i] < first &&
		    consul_catalog_judge(&away, service, times[i], said) == CONSUL_FAILS)
			first = times[i];
	if (ret_at)
		*ret_at = first;
	return first != USEC_NEVER;
}

mono_t consul_catalog_deadline(const struct consul_catalog *c, mono_t now)
{
	mono_t next = usec_add(c->stale_since, c->max_stale);
	if (next <= now)
		next = USEC_NEVER;
	if (c->settle_until > now)
		next = usec_min(next, c->settle_until);
	for (const struct consul_entry *e = c->entries; e; e = e->hh.next) {
		mono_t limit = usec_add(e->retained_since, c->max_stale);
		if (e->settle_until > now)
			next = usec_min(next, e->settle_until);
		if (limit > now)
			next = usec_min(next, limit);
	}
	return next;
}

/* ---- from one answer to the next ---- */

static void record_judgements(struct consul_catalog *c, mono_t now)
{
	char said[CONSUL_SAID_MAX];
	for (struct consul_entry *e = c->entries; e; e = e->hh.next) {
		enum consul_health h = consul_catalog_judge(c, e->name, now, said);
		if (h != CONSUL_UNKNOWN)
			e->passed = h == CONSUL_PASSES;
	}
}

static bool any_doubtful(const struct consul_catalog *c, const char *service)
{
	size_t n;
	const struct consul_check *checks = checks_of(c, service, &n);
	for (size_t i = 0; i < n; i++)
		if (never_ran(&checks[i]) || (is_serf(&checks[i]) && !passes(c, &checks[i])))
			return true;
	return false;
}

/* The first answer after a restart of Consul may be what its servers knew before. So doubt ends
 * early only for checks that were seen before they had run, and then after. */
static void settle_one(bool doubtful, bool *doubted, mono_t *settle_until)
{
	if (*doubted && !doubtful)
		*settle_until = 0;
	*doubted = doubtful;
}

static void settle(struct consul_catalog *c)
{
	settle_one(any_doubtful(c, ""), &c->doubted, &c->settle_until);
	for (struct consul_entry *e = c->entries; e; e = e->hh.next)
		if (e->retained_since == USEC_NEVER)
			settle_one(any_doubtful(c, e->name), &e->doubted, &e->settle_until);
}

/* Before the answer that regained contact is applied. */
static void unsettle(struct consul_catalog *c, const struct consul_step *step, mono_t now)
{
	if (!step->regained && !step->reset)
		return;
	c->settle_until = usec_add(now, CONSUL_SETTLE);
	c->doubted = false;
	for (struct consul_entry *e = c->entries; e; e = e->hh.next) {
		e->settle_until = usec_add(now, CONSUL_SETTLE);
		e->doubted = false;
	}
}

/* ---- services ---- */

static bool same_tags(const struct consul_service *a, const struct consul_service *b)
{
	if (a->n_tags != b->n_tags)
		return false;
	for (size_t i = 0; i < a->n_tags; i++)
		if (!str_equal(a->tags[i], b->tags[i]))
			return false;
	return true;
}

static bool same_instances(const struct consul_entry *e, const struct consul_service *b, size_t n)
{
	if (e->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_equal(e->instances[i].id, b[i].id) ||
		    !same_tags(&e->instances[i], &b[i]) ||
		    !str_same(e->instances[i].proxied, b[i].proxied) ||
		    !str_same(e->instances[i].flaw, b[i].flaw))
			return false;
	return true;
}

/* The instances of one name, which are adjacent in the answer. Moves their contents out. */
static void apply_instances(struct consul_catalog *c, struct consul_service *first, size_t n,
			    uint64_t last_query, mono_t now)
{
	size_t n_checks;
	struct consul_entry *e = find(c, first->name);
	bool back = e && e->retained_since != USEC_NEVER;
	if (!e)
		e = entry_new(c, first->name);
	if (back) {
		e->settle_until = usec_add(now, CONSUL_SETTLE);
		e->doubted = false;
	}
	checks_of(c, e->name, &n_checks);
	if (e->n == 0 || back)
		e->needs_checks = n_checks > 0 && !back ? 0 : last_query;
	if (back || !same_instances(e, first, n))
		e->changed = ++c->generation;
	instances_free(e->instances, e->n);
	e->instances = mem_copy(first, n * sizeof(*first));
	e->n = n;
	e->retained_since = USEC_NEVER;
	e->had_checks = n_checks > 0;
	e->seen = true;
	memset(first, 0, n * sizeof(*first));
}

static void apply_all(struct consul_catalog *c, struct consul_services *services,
		      uint64_t last_query, mono_t now)
{
	for (size_t i = 0, n; i < services->n; i += n) {
		for (n = 1; i + n < services->n; n++)
			if (!str_equal(services->items[i].name, services->items[i + n].name))
				break;
		apply_instances(c, &services->items[i], n, last_query, now);
	}
}

/* Services missing in an answer that is followed are removed, otherwise retained. */
static void drop_unseen(struct consul_catalog *c, enum consul_use use, mono_t now)
{
	struct consul_entry *e, *next;
	HASH_ITER (hh, c->entries, e, next) {
		bool seen = e->seen;
		e->seen = false;
		if (seen || e->retained_since != USEC_NEVER)
			continue;
		e->changed = ++c->generation;
		if (use == CONSUL_FOLLOW)
			entry_free(c, e);
		else
			e->retained_since = now;
	}
}

void consul_catalog_apply_services(struct consul_catalog *c, struct consul_services *services,
				   const struct consul_step *step, uint64_t query,
				   uint64_t last_query, mono_t now)
{
	unsettle(c, step, now);
	apply_all(c, services, last_query, now);
	drop_unseen(c, step->use, now);
	for (struct consul_entry *e = c->entries; e; e = e->hh.next)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it loses track of uthash's head. */
		if (query > e->needs_services)
			e->needs_services = 0;
	c->has_services = true;
	settle(c);
	record_judgements(c, now);
	consul_services_done(services);
}

/* ---- checks ---- */

static void apply_checks_of(const struct consul_catalog *c, struct consul_entry *e, uint64_t query,
			    uint64_t last_query)
{
	size_t n;
	checks_of(c, e->name, &n);
	if (query > e->needs_checks || n > 0)
		e->needs_checks = 0;
	if (n > 0)
		e->needs_services = 0;
	else if (e->had_checks)
		e->needs_services = last_query;
	e->had_checks = n > 0;
}

void consul_catalog_apply_checks(struct consul_catalog *c, struct consul_checks *checks,
				 const struct consul_step *step, uint64_t query,
				 uint64_t last_query, mono_t now)
{
	unsettle(c, step, now);
	consul_checks_done(&c->checks);
	c->checks = *checks;
	*checks = (struct consul_checks){ 0 };
	c->has_checks = true;
	for (struct consul_entry *e = c->entries; e; e = e->hh.next)
		apply_checks_of(c, e, query, last_query);
	settle(c);
	record_judgements(c, now);
}

void consul_catalog_doubt_checks(struct consul_catalog *c, uint64_t last_query)
{
	for (struct consul_entry *e = c->entries; e; e = e->hh.next)
		e->needs_checks = last_query;
}

bool consul_catalog_needs_checks(const struct consul_catalog *c)
{
	for (const struct consul_entry *e = c->entries; e; e = e->hh.next)
		if (e->needs_checks > 0)
			return true;
	return false;
}

bool consul_catalog_needs_services(const struct consul_catalog *c)
{
	for (const struct consul_entry *e = c->entries; e; e = e->hh.next)
		if (e->needs_services > 0)
			return true;
	return false;
}
