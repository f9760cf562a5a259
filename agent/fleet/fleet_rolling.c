/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_rolling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/fleet_call.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define POLL      USEC_PER_SEC
#define POLL_MAX  (10 * USEC_PER_SEC)
#define RETRY_MAX (30 * USEC_PER_SEC)

struct fleet_rolling {
	struct list_node node;
	struct fleet_shared *shared;
	struct prefix vips[FLEET_VIPS_MAX];
	struct fleet_roll_config config;
	struct fleet_roll roll;
	struct fleet_call call;
	uint64_t request; /* of the roll, that the call is about */
	bool is_calling;
	struct err error;
	fleet_rolling_cb *changed;
	void *userdata;
	sd_event_source *timer;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void wake(struct fleet_rolling *r)
{
	loop_timer_set(r->shared->loop, &r->timer, fleet_roll_deadline(&r->roll), LOOP_HTTP,
		       on_timer, r);
}

static enum fleet_txn txn_of(enum fleet_roll_request_kind kind)
{
	switch (kind) {
	case FLEET_ROLL_READ_SLOTS:
		return FLEET_TXN_SLOTS;
	case FLEET_ROLL_READ:
		return FLEET_TXN_READ;
	case FLEET_ROLL_WRITE:
		break;
	}
	return FLEET_TXN_ROLL;
}

static void send_request(struct fleet_rolling *r, const struct fleet_roll_request *request)
{
	const struct fleet_write write = {
		.serial = request->number,
		.rolls = request->slots,
		.roller = &r->roll.me,
	};
	r->request = request->id;
	r->is_calling = true;
	fleet_call_begin(&r->call, txn_of(request->kind), &write);
}

static void note_timeout(struct fleet_rolling *r)
{
	char text[DURATION_TEXT_MAX];
	fleet_call_cancel(&r->call);
	r->is_calling = false;
	err_set(&r->error, 0,
		r->shared->transport ? "no answer from Consul within %s"
				     : "no Consul is configured (%s): set agent.consul_addr",
		duration_format(r->config.timeout, text));
}

/* Each time before it decides: a reload may have changed them. */
static void read_rules(struct fleet_rolling *r)
{
	const struct fleet_spec *fleet = r->shared->spec;
	r->config.timeout = fleet->timeout;
	for (size_t i = 0; i < r->config.n_vips; i++) {
		const struct fleet_min_up *min_up = fleet_spec_min_up(fleet, &r->vips[i]);
		r->config.is_guarded[i] = min_up;
		if (min_up)
			r->config.rules[i] =
				(struct fleet_rule){ .min_up = *min_up, .window = fleet->window };
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct fleet_rolling *r = userdata;
	struct fleet_roll_request request;
	(void)source, (void)usec;
	read_rules(r);
	bool due = fleet_roll_next(&r->roll, loop_now(r->shared->loop), &request);
	bool timed_out = r->is_calling && r->roll.request.id != r->request;
	if (timed_out)
		note_timeout(r);
	if (due)
		send_request(r, &request);
	wake(r);
	if (timed_out)
		r->changed(r->userdata);
	return 0;
}

static void on_answer(enum fleet_result result, const struct fleet_view *views,
		      const struct err *err, void *userdata)
{
	struct fleet_rolling *r = userdata;
	r->is_calling = false;
	r->error = result == FLEET_FAILED ? *err : (struct err){ "" };
	read_rules(r);
	fleet_roll_answer(&r->roll, r->request, result, views, wall_now(),
			  loop_now(r->shared->loop));
	wake(r);
	r->changed(r->userdata);
}

static void set_config(struct fleet_rolling *r, const struct fleet_rolling_spec *spec)
{
	r->config = (struct fleet_roll_config){
		.n_vips = spec->n_vips,
		.limit = spec->limit,
		.poll = POLL,
		.poll_max = POLL_MAX,
		.retry_max = RETRY_MAX,
	};
	for (size_t i = 0; i < spec->n_vips; i++)
		r->vips[i] = spec->vips[i];
	read_rules(r);
}

static int check(const struct fleet_shared *s, const struct fleet_rolling_spec *spec,
		 struct err *err)
{
	if (!s)
		return err_set(err, -ENOENT,
			       "no fleet is configured: set fleet.engine and fleet.vips");
	if (!s->node[0])
		return err_set(err, -EINVAL, "this agent has no name in the fleet: set fleet.node");
	if (spec->n_vips == 0 || spec->n_vips > FLEET_VIPS_MAX)
		return err_set(err, -EINVAL, "%zu VIPs, expected 1 to %d: they are taken together",
			       spec->n_vips, FLEET_VIPS_MAX);
	return 0;
}

int fleet_rolling_new(struct fleet_shared *s, const struct fleet_rolling_spec *spec,
		      fleet_rolling_cb *changed, void *userdata, struct fleet_rolling **ret,
		      struct err *err)
{
	int rc = check(s, spec, err);
	if (rc < 0)
		return rc;
	struct fleet_rolling *r = mem_new(1, sizeof(*r));
	struct fleet_slot me = spec->me;
	r->shared = s;
	r->changed = changed;
	r->userdata = userdata;
	set_config(r, spec);
	if (!me.node[0])
		str_copy(me.node, sizeof(me.node), s->node);
	/* 48 bits: a number of JSON, and others of this node differ from it. */
	uint64_t number = (uint64_t)loop_random() << 16;
	fleet_roll_init(&r->roll, &r->config, &me, spec->state, spec->may_be_late, number,
			loop_random());
	r->call = (struct fleet_call){
		.transport = &s->transport,
		.keys = { .prefix = s->prefix,
			  .vips = r->vips,
			  .n_vips = spec->n_vips,
			  .node = s->node },
		.done = on_answer,
		.userdata = r,
	};
	list_append(&s->rollings, &r->node);
	wake(r);
	*ret = r;
	return 0;
}

void fleet_rolling_free(struct fleet_rolling *r)
{
	if (!r)
		return;
	list_remove(&r->node);
	fleet_call_cancel(&r->call);
	sd_event_source_disable_unref(r->timer);
	fleet_roll_done(&r->roll);
	free(r);
}

void fleet_rolling_release(struct fleet_rolling *r)
{
	fleet_call_cancel(&r->call);
	r->is_calling = false;
	fleet_roll_release(&r->roll, loop_now(r->shared->loop));
	wake(r);
}

void fleet_rolling_status(const struct fleet_rolling *r, struct fleet_rolling_status *ret)
{
	*ret = (struct fleet_rolling_status){
		.state = r->roll.state,
		.found = r->roll.found,
		.wait = r->roll.wait,
		.error = r->error.text,
	};
}

void fleet_rollings_cancel(struct fleet_shared *s, bool stop)
{
	list_for_each (it, &s->rollings) {
		struct fleet_rolling *r = list_entry(it, struct fleet_rolling, node);
		fleet_call_cancel(&r->call);
		r->is_calling = false;
		fleet_roll_answer(&r->roll, r->request, FLEET_FAILED, NULL, 0, loop_now(s->loop));
		if (stop)
			r->timer = sd_event_source_disable_unref(r->timer);
		else
			wake(r);
	}
}
