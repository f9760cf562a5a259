/* SPDX-License-Identifier: MIT */
#include "agent/daemon/check_now.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/daemon/parts.h"
#include "agent/http/reply_forms.h"
#include "agent/status/stream.h"
#include "agent/status/view_json.h"
#include "agent/status/view_monitor.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

/* How long a result may be known before the reply leaves. */
#define STEP        (20 * USEC_PER_MSEC)
#define WAITING_MAX 64

struct asked {
	struct list_node node;
	uint64_t number; /* of the reply */
	char *name;
	mono_t at, limit;
};

struct check_now {
	struct agent *a;
	struct list waiting; /* struct asked */
	size_t n_waiting;
	uint64_t number; /* of the last request */
	bool stopped;
	sd_event_source *timer;
};

struct check_now *check_now_new(struct agent *a)
{
	struct check_now *c = mem_new(1, sizeof(*c));
	c->a = a;
	list_init(&c->waiting);
	return c;
}

static void answer(struct check_now *c, struct asked *x, unsigned status, json_t *body)
{
	char *text = stream_json_text(body);
	api_send_checked(c->a->api, x->number, status, text);
	free(text);
	json_decref(body);
	list_remove(&x->node);
	c->n_waiting--;
	free(x->name);
	free(x);
}

void check_now_stop(struct check_now *c)
{
	if (!c)
		return;
	c->stopped = true;
	c->timer = sd_event_source_disable_unref(c->timer);
	list_for_each (it, &c->waiting)
		answer(c, list_entry(it, struct asked, node), 503,
		       reply_error("vipherald is stopping", false));
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
	struct view_clock clock = { loop_clock(), loop_wall() };
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

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void go_on(struct check_now *c)
{
	if (c->n_waiting > 0)
		loop_timer_set(c->a->loop, &c->timer, usec_add(loop_clock(), STEP), LOOP_HTTP,
			       on_timer, c);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct check_now *c = userdata;
	mono_t now = loop_clock();
	list_for_each (it, &c->waiting)
		step(c, list_entry(it, struct asked, node), now);
	go_on(c);
	return 0;
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
	if (c->stopped || c->n_waiting == WAITING_MAX) {
		reply_json(ret, 503,
			   reply_error(c->stopped ? "vipherald is stopping"
						  : "64 requests wait for checks already, try "
						    "again",
				       false));
		return;
	}
	struct asked *x = mem_new(1, sizeof(*x));
	x->number = ++c->number;
	x->name = mem_strdup(call->name);
	x->at = loop_clock();
	x->limit = usec_add(x->at, call->span);
	list_append(&c->waiting, &x->node);
	c->n_waiting++;
	ret->defer = API_DEFER_CHECKED;
	ret->number = x->number;
	monitor_watch_check_now(app->watch);
	log_info("api", "check %s by %s", x->name, call->who);
	go_on(c);
}
