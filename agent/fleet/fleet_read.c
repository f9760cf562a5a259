/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/fleet_call.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

struct fleet_read {
	struct list_node node;
	struct fleet_shared *shared;
	const struct fleet_read_ops *ops;
	void *userdata;
	struct prefix *vips;
	size_t n, at; /* `at`: the first VIP of the transaction in flight */
	struct fleet_call call;
	sd_event_source *timer; /* its limit */
};

static void read_free(struct fleet_read *l)
{
	list_remove(&l->node);
	l->shared->n_reads--;
	fleet_call_cancel(&l->call);
	sd_event_source_disable_unref(l->timer);
	free(l->vips);
	free(l);
}

static void finish(struct fleet_read *l, const struct err *err)
{
	const struct fleet_read_ops *ops = l->ops;
	void *userdata = l->userdata;
	read_free(l);
	ops->done(err, userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct fleet_read *l = userdata;
	struct err err;
	char text[DURATION_TEXT_MAX];
	(void)source, (void)usec;
	err_set(&err, -ETIMEDOUT, "no answer from Consul within %s",
		duration_format(l->shared->spec->timeout, text));
	finish(l, &err);
	return 0;
}

/* Within a callback of the call the next one may begin. */
static void ask(struct fleet_read *l)
{
	size_t left = l->n - l->at;
	l->call.keys.vips = &l->vips[l->at];
	l->call.keys.n_vips = left < FLEET_VIPS_MAX ? left : FLEET_VIPS_MAX;
	loop_timer_set(l->shared->loop, &l->timer,
		       usec_add(loop_now(l->shared->loop), l->shared->spec->timeout), LOOP_HTTP,
		       on_timer, l);
	fleet_call_begin(&l->call, FLEET_TXN_READ, NULL);
}

static void on_answer(enum fleet_result result, const struct fleet_view *views,
		      const struct err *err, void *userdata)
{
	struct fleet_read *l = userdata;
	if (result != FLEET_OK) {
		struct err copy = *err;
		finish(l, &copy);
		return;
	}
	for (size_t i = 0; i < l->call.keys.n_vips; i++)
		l->ops->view(l->at + i, &views[i], l->userdata);
	l->at += l->call.keys.n_vips;
	if (l->at == l->n)
		finish(l, NULL);
	else
		ask(l);
}

static int check(const struct fleet_shared *s, size_t n, struct err *err)
{
	if (!s)
		return err_set(err, -ENOENT, "no fleet is configured: set fleet.engine");
	if (!s->transport)
		return err_set(err, -ENOTCONN, "no Consul is configured: set agent.consul_addr");
	if (n == 0 || n > FLEET_READ_VIPS_MAX)
		return err_set(err, -E2BIG, "%zu VIPs, expected 1 to %d", n, FLEET_READ_VIPS_MAX);
	if (s->n_reads >= FLEET_READS_MAX)
		return err_set(err, -EBUSY, "%d reads of the fleet are under way, try again",
			       FLEET_READS_MAX);
	return 0;
}

int fleet_read_new(struct fleet_shared *s, const struct prefix *vips, size_t n,
		   const struct fleet_read_ops *ops, void *userdata, struct fleet_read **ret,
		   struct err *err)
{
	int rc = check(s, n, err);
	if (rc < 0)
		return rc;
	struct fleet_read *l = mem_new(1, sizeof(*l));
	*l = (struct fleet_read){ .shared = s, .ops = ops, .userdata = userdata, .n = n };
	l->vips = mem_new(n, sizeof(*l->vips));
	memcpy(l->vips, vips, n * sizeof(*l->vips));
	l->call = (struct fleet_call){
		.transport = &s->transport,
		.keys = { .prefix = s->prefix, .node = s->node },
		.done = on_answer,
		.userdata = l,
	};
	list_append(&s->reads, &l->node);
	s->n_reads++;
	ask(l);
	*ret = l;
	return 0;
}

void fleet_read_cancel(struct fleet_read *l)
{
	if (l)
		read_free(l);
}

void fleet_reads_end(struct fleet_shared *s, const char *why)
{
	struct err err;
	err_set(&err, -ECANCELED, "%s", why);
	list_for_each (it, &s->reads)
		finish(list_entry(it, struct fleet_read, node), &err);
}
