/* SPDX-License-Identifier: MIT */
#include "agent/daemon/compare.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/diff.h"
#include "agent/daemon/file_check.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/reload_effects.h"
#include "agent/daemon/reload_report.h"
#include "agent/daemon/turn.h"
#include "agent/daemon/waiting.h"
#include "agent/status/view_diff.h"
#include "lib/mem.h"
#include "process/loop.h"

/* A text has up to 16 MB. */
#define WAITING_MAX   4
#define PER_PRINCIPAL 2

struct comparison {
	struct waiter waiter; /* first */
	char *text;
	struct file_check check;
	bool differs; /* it is checked, and compared with the configuration in effect */
	struct config_differ differ;
	struct config_diff diff;
};

struct compare {
	struct agent *a;
	struct waiting waiting; /* struct comparison, the first is under way */
	sd_event_source *turn;
};

struct compare *compare_new(struct agent *a)
{
	struct compare *c = mem_new(1, sizeof(*c));
	c->a = a;
	waiting_init(&c->waiting, WAITING_MAX, PER_PRINCIPAL, "comparisons");
	return c;
}

static void forget_diff(struct comparison *x)
{
	config_differ_done(&x->differ);
	config_diff_done(&x->diff);
	x->differs = false;
}

static void end(struct compare *c, struct comparison *x)
{
	waiting_remove(&c->waiting, &x->waiter);
	forget_diff(x);
	file_check_done(&x->check);
	free(x->text);
	free(x);
}

void compare_stop(struct compare *c)
{
	c->waiting.stopped = true;
	c->turn = sd_event_source_disable_unref(c->turn);
	for (struct waiter *x; (x = waiting_first(&c->waiting));)
		end(c, (struct comparison *)x);
}

void compare_free(struct compare *c)
{
	if (!c)
		return;
	compare_stop(c);
	free(c);
}

static void answer(struct compare *c, struct comparison *x, bool ok)
{
	config_findings_move(&x->check.findings, &x->check.found);
	json_t *o = reload_findings_json(&x->check.findings);
	if (ok) {
		/* One that is under way registers apps for some turns. */
		if (!reload_is_running(c->a->reload))
			reload_effects_add(c->a, x->check.next, &x->diff);
		json_object_set_new(o, "changes", view_diff(&x->diff));
		json_object_set_new(o, "needs_restart",
				    reload_effects_restart(c->a, x->check.next, &x->diff));
	}
	char *text = stream_json_text(o);
	api_send_compared(c->a->api, x->waiter.number, ok ? 200 : 422, text);
	free(text);
	json_decref(o);
}

/* 1: more is left; 0: compared; negative: the text has errors. */
static int step(struct compare *c, struct comparison *x)
{
	/* A reload has put another configuration into effect, or is about to. */
	if (x->differs && file_check_is_stale(&x->check))
		forget_diff(x);
	if (x->differs)
		return config_differ_step(&x->differ, COMPARED_STEP);
	int rc = file_check_step(&x->check);
	if (rc != 0)
		return rc;
	config_differ_begin(&x->differ, c->a->config, x->check.next, &x->diff);
	x->differs = true;
	return 1;
}

static int on_turn(sd_event_source *source, void *userdata);

static void go_on(struct compare *c)
{
	if (c->waiting.n > 0)
		loop_defer(c->a->loop, &c->turn, LOOP_APPLY, on_turn, c);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct compare *c = userdata;
	struct comparison *x = (struct comparison *)waiting_first(&c->waiting);
	mono_t limit = turn_end();
	if (!x) /* its client has gone */
		return 0;
	int rc = 1;
	while (rc > 0 && !turn_is_over(limit))
		rc = step(c, x);
	if (rc <= 0) {
		answer(c, x, rc == 0);
		end(c, x);
	}
	go_on(c);
	return 0;
}

static void on_abandoned(uint64_t number, void *userdata)
{
	struct compare *c = userdata;
	struct waiter *x = waiting_find(&c->waiting, number);
	if (x)
		end(c, (struct comparison *)x);
}

void compare_ask(struct compare *c, const struct api_call *call, struct api_reply *ret)
{
	struct agent *a = c->a;
	if (!waiting_has_room(&c->waiting, call, ret))
		return;
	struct comparison *x = mem_new(1, sizeof(*x));
	x->text = mem_new(1, call->body_len + 1);
	memcpy(x->text, call->body, call->body_len);
	const struct config_source of_text = { .file = a->config_file.path,
					       .text = x->text,
					       .len = call->body_len,
					       .subnets = host_changes_subnets(a->host_changes),
					       .present = &a->config->set,
					       .added = peer_set_added,
					       .added_userdata = a };
	file_check_begin(&x->check, a, &of_text);
	waiting_add(&c->waiting, &x->waiter, call, API_DEFER_COMPARED, ret);
	ret->abandoned = on_abandoned;
	ret->abandoned_userdata = c;
	go_on(c);
}
