/* SPDX-License-Identifier: MIT */
#include "agent/daemon/compare.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/diff.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/reload_prepare.h"
#include "agent/daemon/reload_report.h"
#include "agent/status/view_diff.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "process/loop.h"

/* How long one turn of the loop takes, and apps in one step of it. */
#define TURN   (4 * USEC_PER_MSEC)
#define A_STEP 200
/* A text has up to 16 MB. */
#define WAITING_MAX 4

enum stage { COMPARE_LOAD, COMPARE_BEGIN, COMPARE_CHECK, COMPARE_DIFF };

struct comparison {
	struct list_node node;
	uint64_t number; /* of the request */
	enum stage stage;
	uint64_t reloads; /* reload_count() since which the configuration in effect is compared */
	char *text;
	struct config_loader *loader;
	struct config *next;
	struct config_findings findings; /* of the text itself */
	struct config_findings found;    /* of the check against the configuration in effect */
	struct reload_check check;
	struct config_differ differ;
	struct config_diff diff;
};

struct compare {
	struct agent *a;
	struct list waiting; /* struct comparison, the first is under way */
	size_t n_waiting;
	uint64_t number; /* of the last request */
	bool stopped;
	sd_event_source *turn;
};

struct compare *compare_new(struct agent *a)
{
	struct compare *c = mem_new(1, sizeof(*c));
	c->a = a;
	list_init(&c->waiting);
	return c;
}

/* All that refers to the configuration in effect. */
static void forget_present(struct comparison *x)
{
	reload_check_done(&x->check);
	config_differ_done(&x->differ);
	config_diff_done(&x->diff);
	config_findings_done(&x->found);
}

static void end(struct compare *c, struct comparison *x)
{
	list_remove(&x->node);
	c->n_waiting--;
	forget_present(x);
	config_loader_free(x->loader);
	config_findings_done(&x->findings);
	config_free(x->next);
	free(x->text);
	free(x);
}

void compare_stop(struct compare *c)
{
	c->stopped = true;
	c->turn = sd_event_source_disable_unref(c->turn);
	list_for_each (it, &c->waiting)
		end(c, list_entry(it, struct comparison, node));
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
	config_findings_move(&x->findings, &x->found);
	json_t *o = reload_findings_json(&x->findings);
	if (ok) {
		json_object_set_new(o, "changes", view_diff(&x->diff));
		json_object_set_new(o, "needs_restart", view_diff_restart(&x->diff));
	}
	char *text = stream_json_text(o);
	api_send_compared(c->a->api, x->number, ok ? 200 : 422, text);
	free(text);
	json_decref(o);
}

static int begin(struct compare *c, struct comparison *x)
{
	struct agent *a = c->a;
	config_loader_free(x->loader);
	x->loader = NULL;
	x->reloads = reload_count(a->reload);
	if (peer_set_merge(a, x->next, false, &x->found) < 0)
		return -1;
	config_differ_begin(&x->differ, a->config, x->next, &x->diff);
	x->stage = COMPARE_CHECK;
	return reload_check_begin(&x->check, a, x->next, false, &x->found) < 0 ? -1 : 1;
}

/* 1: more is left; 0: compared; negative: the text has errors. */
static int step(struct compare *c, struct comparison *x)
{
	int rc;
	switch (x->stage) {
	case COMPARE_LOAD:
		rc = config_loader_step(x->loader, &x->next);
		x->stage = rc == 0 ? COMPARE_BEGIN : COMPARE_LOAD;
		return rc == 0 ? 1 : rc;
	case COMPARE_BEGIN:
		return begin(c, x);
	case COMPARE_CHECK:
		rc = reload_check_step(&x->check, A_STEP);
		x->stage = rc == 0 ? COMPARE_DIFF : COMPARE_CHECK;
		return rc == 0 ? 1 : rc;
	case COMPARE_DIFF:
		return config_differ_step(&x->differ, A_STEP);
	}
	return -1;
}

static int on_turn(sd_event_source *source, void *userdata);

static void go_on(struct compare *c)
{
	if (c->n_waiting > 0)
		loop_defer(c->a->loop, &c->turn, LOOP_APPLY, on_turn, c);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct compare *c = userdata;
	struct comparison *x = list_first(&c->waiting, struct comparison, node);
	mono_t limit = usec_add(loop_clock(), TURN);
	int rc = 1;
	/* A reload has put another configuration into effect, or is about to. */
	if (x->stage > COMPARE_BEGIN && x->reloads != reload_count(c->a->reload)) {
		forget_present(x);
		x->stage = COMPARE_BEGIN;
	}
	while (rc > 0 && loop_clock() < limit)
		rc = step(c, x);
	if (rc <= 0) {
		answer(c, x, rc == 0);
		end(c, x);
	}
	go_on(c);
	return 0;
}

void compare_ask(struct compare *c, const char *text, size_t len, struct api_reply *ret)
{
	struct agent *a = c->a;
	if (c->stopped || c->n_waiting == WAITING_MAX) {
		ret->status = 503;
		ret->content_type = "application/json";
		ret->body = mem_strdup(
			c->stopped ? "{\"error\": \"vipherald is stopping\"}\n"
				   : "{\"error\": \"4 comparisons wait already, try again\"}\n");
		return;
	}
	struct comparison *x = mem_new(1, sizeof(*x));
	x->number = ++c->number;
	x->text = mem_new(1, len + 1);
	memcpy(x->text, text, len);
	const struct config_source of_text = { .file = a->config_file.path,
					       .text = x->text,
					       .len = len,
					       .subnets = host_changes_subnets(a->host_changes),
					       .present = &a->config->set };
	x->loader = config_loader_new(&of_text, &x->findings);
	list_append(&c->waiting, &x->node);
	c->n_waiting++;
	ret->defer = API_DEFER_COMPARED;
	ret->number = x->number;
	go_on(c);
}
