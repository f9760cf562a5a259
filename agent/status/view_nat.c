/* SPDX-License-Identifier: MIT */
#include "agent/status/view_nat.h"

#include <stdlib.h>

#include "agent/vip/nat_served.h"
#include "lib/mem.h"

json_t *view_nat_rule(const struct nat_rule *r, bool present)
{
	char to[NAT_TARGET_TEXT_MAX];
	return json_pack("{s:o, s:s, s:i, s:s, s:b}", "vip", view_prefix(&r->vip), "protocol",
			 nat_proto_name(r->proto), "listen", r->listen, "to",
			 nat_rule_format_target(r, to), "present", present);
}

json_t *view_nat_status(const struct nat_status *s)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "backend",
			 view_text_or_null(s->backend), "why", view_text_or_null(s->why), "error",
			 view_text_or_null(s->trouble), "rules_wanted", VIEW_INT(s->wanted),
			 "rules_present", VIEW_INT(s->present), "transactions",
			 VIEW_INT(s->transactions), "failures", VIEW_INT(s->failures), "put_back",
			 VIEW_INT(s->put_back), "waits", VIEW_INT(s->waits), "flows_forgotten",
			 VIEW_INT(s->flows_forgotten), "longest_seconds", view_span(s->longest));
}

struct rules_of_app {
	json_t *array;
	struct nat_served_asker served;
};

static json_t *view_served(enum nat_served served)
{
	switch (served) {
	case NAT_SERVED:
		return json_true();
	case NAT_NOT_SERVED:
		return json_false();
	case NAT_SERVED_UNKNOWN:
		return json_null();
	}
	return json_null();
}

static void add_rule(const struct nat_rule *r, bool present, void *userdata)
{
	struct rules_of_app *rules = userdata;
	json_t *o = view_nat_rule(r, present);
	json_object_set_new(o, "socket", view_served(nat_served_ask(&rules->served, r)));
	json_array_append_new(rules->array, o);
}

json_t *view_nat_of_app(const struct status_sources *in, const struct app *app)
{
	struct nat_status status = nat_status(in->nat);
	if (app->spec->n_nats == 0)
		return json_null();
	struct rules_of_app rules = { .array = json_array() };
	for (size_t i = 0; i < app->spec->n_vips; i++)
		nat_walk_rules(in->nat, &app->spec->vips[i], add_rule, &rules);
	nat_served_done(&rules.served);
	return json_pack("{s:o, s:o, s:o}", "backend", view_text_or_null(status.backend), "error",
			 view_text_or_null(status.trouble), "rules", rules.array);
}

/* GET /v1/nat */

/* A copy, because the rules may change while the reader reads. */
struct rule_list {
	struct nat_rules rules;
	bool *present; /* one a rule */
	size_t cap, next;
};

static void copy_rule(const struct nat_rule *r, bool present, void *userdata)
{
	struct rule_list *list = userdata;
	nat_rules_add(&list->rules, r);
	list->present = mem_grow(list->present, &list->cap, list->rules.n, sizeof(*list->present));
	list->present[list->rules.n - 1] = present;
}

static json_t *next_rule(void *userdata)
{
	struct rule_list *list = userdata;
	size_t i = list->next++;
	return i < list->rules.n ? view_nat_rule(&list->rules.items[i], list->present[i]) : NULL;
}

static void free_rule_list(void *userdata)
{
	struct rule_list *list = userdata;
	nat_rules_done(&list->rules);
	free(list->present);
	free(list);
}

struct stream *view_nat(const struct status_sources *in)
{
	static const struct stream_ops ops = { next_rule, free_rule_list };
	struct rule_list *list = mem_new(1, sizeof(*list));
	struct nat_status status = nat_status(in->nat);
	nat_walk_rules(in->nat, NULL, copy_rule, list);
	return stream_new(view_nat_status(&status), "rules", &ops, list);
}
