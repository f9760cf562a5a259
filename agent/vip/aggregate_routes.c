/* SPDX-License-Identifier: MIT */
#include "agent/vip/aggregate_routes.h"

#include "agent/vip/steps.h"
#include "bgp/speaker.h"
#include "lib/log.h"

static void announce(const struct aggregate_spec *spec, enum route_form form, void *userdata)
{
	struct bgp_speaker *const *speaker = userdata;
	struct announce_room room;
	struct bgp_route route = {
		.prefix = spec->prefix, .filter = spec->peers, .why = "aggregate", .aggregate = true
	};
	aggregate_attrs(spec, form, &room, &route.attrs);
	bgp_speaker_announce(*speaker, &route);
}

static void withdraw(const struct aggregate_spec *spec, void *userdata)
{
	struct bgp_speaker *const *speaker = userdata;
	bgp_speaker_withdraw(*speaker, &spec->prefix, "aggregate");
}

static void on_changed(const struct aggregate_spec *spec, enum route_form form,
		       struct aggregate_count count, void *userdata)
{
	(void)userdata;
	char text[PREFIX_TEXT_MAX];
	const char *how = form == ROUTE_NONE    ? "withdrawn"
			  : form == ROUTE_DRAIN ? "announced as in a drain"
						: "announced";
	prefix_format(&spec->prefix, text);
	log_event(LOG_INFO, "vip",
		  EVENT(form == ROUTE_NONE ? "aggregate.withdrawn" : "aggregate.announced",
			.vip = text),
		  "aggregate %s: %s, %zu app%s in it %s announced, %zu of them up, min %u", text,
		  how, count.announced, count.announced == 1 ? "" : "s",
		  count.announced == 1 ? "is" : "are", count.up, spec->min);
}

const struct aggregates_ops aggregate_routes_ops = { announce, withdraw, on_changed };

/* The former ones may have suppressed other VIPs. */
static void recount(struct aggregates *a, struct reconcile *r, const struct aggregate_list *former,
		    mono_t now)
{
	struct vip_cursor cursor;
	const struct aggregate_list *list = aggregates_list(a);
	vip_cursor_init(r, &cursor);
	for (struct vip *vip; (vip = vip_cursor_next(&cursor));) {
		if (!vip->announced)
			continue;
		aggregates_count(a, &vip->prefix, vip->owner, vip->form, now);
		if (!aggregate_list_suppressor(former, &vip->prefix) !=
		    !aggregate_list_suppressor(list, &vip->prefix))
			vip_announce_again(r, vip, now);
	}
	vip_cursor_done(&cursor);
}

void aggregate_routes_change(struct aggregates *a, struct reconcile *r,
			     const struct aggregate_list *list, mono_t now)
{
	struct aggregate_list former;
	if (aggregate_list_equal(list, aggregates_list(a)))
		return;
	aggregate_list_copy(&former, aggregates_list(a));
	aggregates_begin_change(a, list);
	recount(a, r, &former, now);
	aggregates_end_change(a, now);
	aggregate_list_done(&former);
}
