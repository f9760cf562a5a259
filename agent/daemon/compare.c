/* SPDX-License-Identifier: MIT */
#include "agent/daemon/compare.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/diff.h"
#include "agent/daemon/file_check.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload_report.h"
#include "agent/daemon/turn.h"
#include "agent/status/view_diff.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "process/loop.h"

/* A text has up to 16 MB. */
#define WAITING_MAX 4

struct comparison {
	struct list_node node;
	uint64_t number; /* of the request */
	char *text;
	struct file_check check;
	bool differs; /* it is checked, and compared with the configuration in effect */
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

static void forget_diff(struct comparison *x)
{
	config_differ_done(&x->differ);
	config_diff_done(&x->diff);
	x->differs = false;
}

static void end(struct compare *c, struct comparison *x)
{
	list_remove(&x->node);
	c->n_waiting--;
	forget_diff(x);
	file_check_done(&x->check);
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
	config_findings_move(&x->check.findings, &x->check.found);
	json_t *o = reload_findings_json(&x->check.findings);
	if (ok) {
		json_object_set_new(o, "changes", view_diff(&x->diff));
		json_object_set_new(o, "needs_restart", view_diff_restart(&x->diff));
	}
	char *text = stream_json_text(o);
	api_send_compared(c->a->api, x->number, ok ? 200 : 422, text);
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
	if (c->n_waiting > 0)
		loop_defer(c->a->loop, &c->turn, LOOP_APPLY, on_turn, c);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct compare *c = userdata;
	struct comparison *x = list_first(&c->waiting, struct comparison, node);
	mono_t limit = turn_end();
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
	file_check_begin(&x->check, a, &of_text);
	list_append(&c->waiting, &x->node);
	c->n_waiting++;
	ret->defer = API_DEFER_COMPARED;
	ret->number = x->number;
	go_on(c);
}
