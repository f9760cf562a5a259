/* SPDX-License-Identifier: MIT */
#include "agent/app/budgets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define KILOBYTE ((size_t)1024)

struct budget {
	char *name; /* of the principal */
	struct budget_share share;
	/* When the changes so far would be over, were they made at max_changes; in the past: it may
	 * make all that it may make at once. */
	mono_t busy_until;
	UT_hash_handle hh;
};

static const char *name_of(const struct app_spec *spec)
{
	return spec->by ? spec->by : principal_unproved(spec->local);
}

static struct budget_share share_of(const struct app_spec *spec)
{
	return (struct budget_share){ 1, spec->n_vips, app_spec_bytes(spec) };
}

static struct budget *find(const struct registry *reg, const char *name)
{
	struct budget *b;
	HASH_FIND(hh, reg->budgets, name, strlen(name), b);
	return b;
}

static struct budget *get(struct registry *reg, const char *name)
{
	struct budget *b = find(reg, name);
	if (b)
		return b;
	b = mem_new(1, sizeof(*b));
	b->name = mem_strdup(name);
	HASH_ADD_KEYPTR(hh, reg->budgets, b->name, strlen(b->name), b);
	return b;
}

static int refuse(struct err *err, const char *name, const char *what, size_t would, size_t max,
		  const char *key)
{
	return err_set(err, -EDQUOT,
		       "%s would have %zu %s, and agent.api.%s is %zu; unregister some, or raise "
		       "that",
		       name, would, what, key, max);
}

int budget_check(const struct registry *reg, const struct app_spec *spec, const struct app *self,
		 struct err *err)
{
	const struct api_budget *max = reg->options.budget;
	const char *name = name_of(spec);
	if (!max || spec->source != APP_FROM_HTTP)
		return 0;
	const struct budget *b = find(reg, name);
	struct budget_share has = b ? b->share : (struct budget_share){ 0 };
	struct budget_share old =
		self && self->budget == b && b ? self->share : (struct budget_share){ 0 };
	struct budget_share new = share_of(spec);
	size_t kilobytes = (has.bytes - old.bytes + new.bytes + KILOBYTE - 1) / KILOBYTE;
	if (new.apps > old.apps && has.apps + 1 > max->apps)
		return refuse(err, name, "apps", has.apps + 1, max->apps, "max_apps");
	if (new.vips > old.vips && has.vips - old.vips + new.vips > max->vips)
		return refuse(err, name, "VIPs", has.vips - old.vips + new.vips, max->vips,
			      "max_vips");
	if (new.bytes > old.bytes && kilobytes > max->kilobytes)
		return refuse(err, name, "kB of definitions", kilobytes, max->kilobytes,
			      "max_kilobytes");
	return 0;
}

size_t budget_vips(const struct registry *reg, const struct app_spec *spec,
		   const struct app *except)
{
	const struct budget *b = find(reg, name_of(spec));
	if (!b)
		return 0;
	return b->share.vips - (except && except->budget == b ? except->share.vips : 0);
}

/* How long one change counts. */
static span_t span_of_change(const struct api_budget *max)
{
	return 60 * USEC_PER_SEC / max->changes;
}

int budget_check_rate(const struct registry *reg, const struct app_spec *spec, mono_t now,
		      struct err *err)
{
	const struct api_budget *max = reg->options.budget;
	const struct budget *b = max ? find(reg, name_of(spec)) : NULL;
	span_t at_once = max ? (span_t)2 * max->apps * span_of_change(max) : 0;
	span_t ahead = b ? usec_sub(b->busy_until, now) : 0;
	if (!b || ahead + span_of_change(max) <= at_once)
		return 0;
	unsigned long long seconds = span_of_change(max) / USEC_PER_SEC + 1;
	return err_set(err, -EAGAIN,
		       "%s has changed %u apps in a row, and agent.api.max_changes is %u a minute; "
		       "wait for %llu s, or raise that",
		       b->name, 2U * max->apps, max->changes, seconds);
}

static void budget_free(struct registry *reg, struct budget *b)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, reg->budgets, b);
	free(b->name);
	free(b);
}

/* Those that have made no change for long. */
static void forget_idle(struct registry *reg, mono_t now)
{
	struct budget *b, *next;
	HASH_ITER (hh, reg->budgets, b, next)
		if (b->share.apps == 0 && b->busy_until <= now)
			budget_free(reg, b);
}

void budget_count_change(struct registry *reg, const struct app_spec *spec, mono_t now)
{
	const struct api_budget *max = reg->options.budget;
	if (!max)
		return;
	struct budget *b = find(reg, name_of(spec));
	if (!b)
		forget_idle(reg, now);
	b = b ? b : get(reg, name_of(spec));
	b->busy_until = usec_add(b->busy_until > now ? b->busy_until : now, span_of_change(max));
}

void budgets_free(struct registry *reg)
{
	struct budget *b, *next;
	HASH_ITER (hh, reg->budgets, b, next)
		budget_free(reg, b);
}

static void drop_share(struct app *app)
{
	struct budget *b = app->budget;
	if (!b)
		return;
	b->share.apps -= app->share.apps;
	b->share.vips -= app->share.vips;
	b->share.bytes -= app->share.bytes;
	app->budget = NULL;
}

void budget_charge(struct app *app)
{
	struct registry *reg = app->registry;
	budget_discharge(app);
	app->requested_vips = app->spec->source < APP_FROM_HTTP ? 0 : app->spec->n_vips;
	reg->requested_vips += app->requested_vips;
	if (app->spec->source != APP_FROM_HTTP)
		return;
	app->budget = get(reg, name_of(app->spec));
	app->share = share_of(app->spec);
	app->budget->share.apps += app->share.apps;
	app->budget->share.vips += app->share.vips;
	app->budget->share.bytes += app->share.bytes;
}

void budget_discharge(struct app *app)
{
	app->registry->requested_vips -= app->requested_vips;
	app->requested_vips = 0;
	drop_share(app);
}
