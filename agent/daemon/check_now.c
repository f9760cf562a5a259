/* SPDX-License-Identifier: MIT */
#include "agent/daemon/check_now.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/waiting.h"
#include "agent/http/reply_forms.h"
#include "agent/status/stream.h"
#include "agent/status/view_json.h"
#include "agent/status/view_monitor.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "monitors/watch.h"
#include "process/loop.h"

#define WAITING_MAX   64
#define PER_PRINCIPAL 16

struct asked {
	struct waiter waiter; /* first */
	char *name;
	mono_t at, limit;
};

struct check_now {
	struct agent *a;
	struct waiting waiting;        /* struct asked */
	sd_event_source *turn, *timer; /* a check has ended; the time of a request is over */
};

struct check_now *check_now_new(struct agent *a)
{
	struct check_now *c = mem_new(1, sizeof(*c));
	c->a = a;
	waiting_init(&c->waiting, WAITING_MAX, PER_PRINCIPAL, "checks");
	return c;
}

static void forget(struct check_now *c, struct asked *x)
{
	waiting_remove(&c->waiting, &x->waiter);
	free(x->name);
	free(x);
}

static void answer(struct check_now *c, struct asked *x, unsigned status, json_t *body)
{
	char *text = stream_json_text(body);
	api_send_checked(c->a->api, x->waiter.number, status, text);
	free(text);
	json_decref(body);
	forget(c, x);
}

static void on_abandoned(uint64_t number, void *userdata)
{
	struct check_now *c = userdata;
	struct waiter *x = waiting_find(&c->waiting, number);
	if (x)
		forget(c, (struct asked *)x);
}

void check_now_stop(struct check_now *c)
{
	if (!c)
		return;
	c->waiting.stopped = true;
	c->turn = sd_event_source_disable_unref(c->turn);
	c->timer = sd_event_source_disable_unref(c->timer);
	for (struct waiter *x; (x = waiting_first(&c->waiting));)
		answer(c, (struct asked *)x, 503, reply_error("vipherald is stopping", false));
}

void check_now_free(struct check_now *c)
{
	if (!c)
		return;
	check_now_stop(c);
	free(c);
}

/* The last check of the monitor began after it was asked for. */
static bool is_checked(const struct asked *x, const struct monitor_status *m)
{
	return m->checks > 0 && usec_sub(m->last_check, m->took) >= x->at;
}

static const char *result_of(const struct monitor_status *m)
{
	switch (m->latest) {
	case HEALTH_UP:
		return "pass";
	case HEALTH_DOWN:
		return "fail";
	case HEALTH_UNKNOWN:
		break;
	}
	return "unknown";
}

static json_t *result_json(const struct asked *x, const struct monitor_status *m,
			   const struct view_clock *clock)
{
	json_t *o = view_monitor(m, clock);
	json_object_set_new(o, "result",
			    is_checked(x, m) ? json_string(result_of(m)) : json_null());
	return o;
}

static bool is_over(const struct asked *x, const struct app *app)
{
	struct monitor_status m;
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &m);
		if (!is_checked(x, &m))
			return false;
	}
	return true;
}

static json_t *results_json(const struct asked *x, const struct app *app, bool over)
{
	struct monitor_status m;
	struct view_clock clock = { loop_clock(), wall_now() };
	json_t *monitors = json_array();
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &m);
		json_array_append_new(monitors, result_json(x, &m, &clock));
	}
	return json_pack("{s:o, s:s, s:s, s:o}", "app", view_text(app->spec->name), "result",
			 over ? "checked" : "timeout", "health", health_name(app->health),
			 "monitors", monitors);
}

static void step(struct check_now *c, struct asked *x, mono_t now)
{
	struct err err;
	const struct app *app = registry_find(c->a->registry, x->name);
	if (!app) {
		err_set(&err, -ENOENT, "app '%.128s' was unregistered meanwhile", x->name);
		answer(c, x, 404, reply_error(err.text, false));
		return;
	}
	bool over = is_over(x, app);
	if (over || now >= x->limit)
		answer(c, x, over ? 200 : 504, results_json(x, app, over));
}

static void arm(struct check_now *c);

static void step_all(struct check_now *c)
{
	mono_t now = loop_clock();
	list_for_each (it, &c->waiting.list)
		step(c, (struct asked *)list_entry(it, struct waiter, node), now);
	arm(c);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	step_all(userdata);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	step_all(userdata);
	return 0;
}

static void arm(struct check_now *c)
{
	mono_t next = USEC_NEVER;
	list_for_each (it, &c->waiting.list)
		next = usec_min(next, ((struct asked *)list_entry(it, struct waiter, node))->limit);
	loop_timer_set(c->a->loop, &c->timer, next, LOOP_HTTP, on_timer, c);
}

void check_now_wake(struct check_now *c)
{
	if (c && c->waiting.n > 0)
		loop_defer(c->a->loop, &c->turn, LOOP_HTTP, on_turn, c);
}

void check_now_ask(struct check_now *c, const struct api_call *call, struct api_reply *ret)
{
	struct err err;
	const struct app *app = registry_find(c->a->registry, call->name);
	if (!app) {
		err_set(&err, -ENOENT, "no app '%.128s'", call->name);
		reply_json(ret, 404, reply_error(err.text, false));
		return;
	}
	if (!waiting_has_room(&c->waiting, call, ret))
		return;
	struct asked *x = mem_new(1, sizeof(*x));
	x->name = mem_strdup(call->name);
	x->at = loop_clock();
	x->limit = usec_add(x->at, call->span);
	waiting_add(&c->waiting, &x->waiter, call, API_DEFER_CHECKED, ret);
	ret->abandoned = on_abandoned;
	ret->abandoned_userdata = c;
	monitor_watch_check_now(app->watch);
	log_info("api", "check %s by %s", x->name, call->who);
	arm(c);
	check_now_wake(c);
}
