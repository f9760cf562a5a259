/* SPDX-License-Identifier: MIT */
#include "nat/side.h"

#include <errno.h>

#include "lib/log.h"
#include "lib/str.h"

/* In a row, before the loop gets its turn. */
#define TRIES 3
/* Lookups of rules that a listing lacks: each takes 9 µs. When so many are really gone, another
 * process has flushed them, and restoring one that is there changes nothing. */
#define LOOKUPS_MAX 100

/* ---- the log ---- */

/* Of a transaction: the rest is counted. */
#define RULES_LOGGED 6

static void add_rules(struct strbuf *text, char sign, const struct nat_rules *rules)
{
	char vip[PREFIX_TEXT_MAX], target[NAT_TARGET_TEXT_MAX];
	for (size_t i = 0; i < rules->n && i < RULES_LOGGED; i++) {
		const struct nat_rule *r = &rules->items[i];
		strbuf_add(text, " %c%s %s port %u to %s", sign, nat_proto_name(r->proto),
			   prefix_format(&r->vip, vip), r->listen,
			   nat_rule_format_target(r, target));
	}
	if (rules->n > RULES_LOGGED)
		strbuf_add(text, " %cand %zu more", sign, rules->n - RULES_LOGGED);
}

static void log_applied(const struct nat_side *s, const struct nat_diff *d, int r,
			const struct err *err)
{
	char buf[2048];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	if (!log_enabled("nat", LOG_DEBUG))
		return;
	add_rules(&text, '-', &d->remove);
	add_rules(&text, '+', &d->add);
	log_write(LOG_DEBUG, "nat", "%s:%s: %s", s->ops->name, text.len ? buf : " repair",
		  r < 0 ? err->text : "ok");
}

static void log_listed(const struct nat_side *s, int r, const struct err *err)
{
	if (r < 0)
		log_debug("nat", "%s: list our rules: %s", s->ops->name, err->text);
	else
		log_debug("nat", "%s: list our rules: ok, %zu there", s->ops->name,
			  s->ledger.n_there);
}

/* ---- the rules ---- */

void nat_side_init(struct nat_side *s, const struct nat_backend_ops *ops,
		   const struct nat_side_events *events)
{
	*s = (struct nat_side){ .ops = ops, .events = events, .stale = true };
	nat_ledger_init(&s->ledger);
}

void nat_side_close(struct nat_side *s)
{
	s->ops->close(s->backend);
	s->backend = NULL;
	nat_ledger_done(&s->ledger);
	s->stale = true;
}

int nat_side_open(struct nat_side *s, struct err *err)
{
	return s->backend ? 0 : s->ops->open(&s->backend, err);
}

static void on_rule(const struct nat_rule *r, enum nat_presence how, void *userdata)
{
	nat_ledger_list_rule(userdata, r, how);
}

struct missing {
	struct nat_side *side;
	struct err *err;
	unsigned n;
};

static int check_missing(const struct nat_rule *r, void *userdata)
{
	struct missing *m = userdata;
	if (m->n++ == LOOKUPS_MAX)
		return 1; /* enough */
	int there = m->side->ops->has(m->side->backend, r, m->err);
	if (there <= 0)
		return there;
	return err_set(m->err, -EAGAIN, "the kernel left rules out of a listing of %s",
		       m->side->ops->name);
}

static int list(struct nat_side *s, struct err *err)
{
	nat_ledger_list_begin(&s->ledger);
	int r = s->ops->list(s->backend, on_rule, &s->ledger, err);
	if (r < 0)
		return r;
	struct missing missing = { .side = s, .err = err };
	int rc = s->ops->has ? nat_ledger_walk_missing(&s->ledger, check_missing, &missing) : 0;
	if (rc < 0)
		return rc;
	s->debris = r > 0;
	s->stale = false;
	nat_ledger_list_end(&s->ledger, s->events->lost, s->events->userdata);
	return 0;
}

int nat_side_list(struct nat_side *s, struct err *err)
{
	int r = nat_side_open(s, err);
	if (r < 0)
		return r;
	r = list(s, err);
	log_listed(s, r, err);
	return r;
}

static void report_changed(struct nat_side *s, const struct nat_diff *d)
{
	for (size_t i = 0; i < d->remove.n; i++)
		s->events->changed(&d->remove.items[i], false, s->events->userdata);
	for (size_t i = 0; i < d->add.n; i++)
		s->events->changed(&d->add.items[i], true, s->events->userdata);
}

static int apply_once(struct nat_side *s, const struct prefix *only, struct err *err)
{
	struct nat_diff d;
	int r = 0;
	if (s->backend && s->ops->read_events(s->backend))
		s->stale = true;
	if (s->stale)
		r = nat_side_list(s, err);
	if (r < 0)
		return r;
	if (!nat_ledger_diff(&s->ledger, only, &d) && !s->debris)
		return 0;
	r = s->ops->apply(s->backend, &d, err);
	log_applied(s, &d, r, err);
	if (r == 0) {
		nat_ledger_applied(&s->ledger, &d);
		s->debris = false;
		s->applied++;
		report_changed(s, &d);
	} else if (r != -EBUSY) { /* then nothing was done, and it is tried again soon */
		s->stale = true;
	}
	nat_diff_done(&d);
	return r;
}

int nat_side_apply(struct nat_side *s, const struct prefix *only, struct err *err)
{
	int r = -EAGAIN;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++)
		r = apply_once(s, only, err);
	return r;
}
