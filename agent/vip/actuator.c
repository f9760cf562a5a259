/* SPDX-License-Identifier: MIT */
#include "agent/vip/actuator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/vip/acks.h"
#include "agent/vip/aggregate_routes.h"
#include "agent/vip/binding.h"
#include "agent/vip/nat_served.h"
#include "agent/vip/nat_targets.h"
#include "agent/vip/trouble.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "net/loopback.h"
#include "process/loop.h"

/* One turn of the loop works on this many VIPs, and then on as many more as there is time for. The
 * kernel takes 10 to 300 µs for an address, more the more there are. */
#define WORK_STEP 16
#define WORK_TIME (10 * USEC_PER_MSEC)
/* A peer that acknowledges nothing for this long does not delay the removal of an address further.
 */
#define ACK_WAIT_MAX (3 * USEC_PER_SEC)

struct actuator {
	sd_event *loop;
	struct host_addresses *addresses;
	struct binding binding;
	struct nat *nat;
	struct nat_served_log served;
	struct nat_served_census *census;
	struct bgp_speaker *speaker;
	struct aggregates *aggregates;
	struct reconcile *reconcile;
	struct bgp_flush *ack_wait;
	mono_t ack_limit; /* USEC_NEVER until the agent stops */
	bool lo_up;
	struct drift_record lo;
	sd_event_source *work, *retry;
	actuator_settled_cb *settled;
	void *settled_userdata;
};

/* The operations of the reconciler */

static void tell(const char *kind, const char *what, const struct prefix *vip, const char *of)
{
	char text[PREFIX_TEXT_MAX];
	prefix_format(vip, text);
	log_event(LOG_DEBUG, "vip", EVENT(kind, .vip = text, .app = of), "%s %s%s%s", what, text,
		  of ? " of " : "", of ? of : "");
}

static int address_add(const struct prefix *vip, const struct app_spec *spec, struct err *err,
		       void *userdata)
{
	struct actuator *a = userdata;
	int rc = binding_bind(&a->binding, vip, spec, err);
	if (rc == 0 && app_spec_place(spec))
		tell("vip.bound", "bound", vip, spec->name);
	return rc;
}

static int address_del(const struct prefix *vip, struct err *err, void *userdata)
{
	struct actuator *a = userdata;
	int rc = binding_unbind(&a->binding, vip, err);
	if (rc == 0)
		tell("vip.removed", "unbound", vip, NULL);
	return rc;
}

/* A module that the kernel lacks may be loaded later: tried again, unlike -EOPNOTSUPP. */
static int nat_result(int rc)
{
	return rc == -EOPNOTSUPP ? -ENOSYS : rc;
}

static int set_nat(const struct prefix *vip, const struct nat_spec *nats, size_t n, struct err *err,
		   void *userdata)
{
	struct actuator *a = userdata;
	struct addr own = { 0 };
	if (nat_specs_want_own(nats, n)) {
		int rc = host_addresses_own(a->addresses, vip->addr.family, &own, err);
		if (rc < 0)
			return err_prefix(err, rc, "NAT: ");
	}
	int rc = nat_set(a->nat, vip, nats, n, &own, err);
	if (rc == 0 && n > 0) /* the VIP is about to be announced */
		nat_served_log(&a->served, a->nat, vip, loop_now(a->loop));
	return rc < 0 && rc != -EINPROGRESS ? err_prefix(err, nat_result(rc), "NAT: ") : rc;
}

/* Of a program's route, for other peers than those of `attrs`. */
struct variants {
	struct bgp_route_variant *items;
	struct announce_room *rooms;
	size_t n;
};

static struct variants variants_of(const struct vip *v)
{
	struct variants made = { 0 };
	const struct route_spec *first = v->route ? v->route->other : NULL;
	for (const struct route_spec *s = first; s; s = s->other)
		made.n++;
	if (made.n == 0)
		return made;
	made.items = mem_new(made.n, sizeof(*made.items));
	made.rooms = mem_new(made.n, sizeof(*made.rooms));
	size_t i = 0;
	for (const struct route_spec *s = first; s; s = s->other, i++) {
		route_spec_attrs(s, v->want.route, &made.rooms[i], &made.items[i].attrs);
		made.items[i].filter = s->peers;
	}
	return made;
}

static void announce(const struct prefix *vip, const struct bgp_route_attrs *attrs,
		     const struct bgp_peer_filter *peers, void *userdata)
{
	struct actuator *a = userdata;
	const struct vip *v = vip_find(a->reconcile, vip);
	struct variants variants = variants_of(v);
	struct bgp_route route = { .prefix = *vip,
				   .attrs = *attrs,
				   .filter = peers,
				   .variants = variants.items,
				   .n_variants = variants.n,
				   .tag = v->spec->name,
				   .why = v->cause,
				   .suppressed = aggregate_list_suppressor(
					   aggregates_list(a->aggregates), vip) };
	char text[PREFIX_TEXT_MAX];
	log_debug("vip", "announcing %s (%s)", prefix_format(vip, text), v->cause);
	bgp_speaker_announce(a->speaker, &route);
	free(variants.items);
	free(variants.rooms);
}

static void withdraw(const struct prefix *vip, void *userdata)
{
	struct actuator *a = userdata;
	const char *cause = vip_find(a->reconcile, vip)->cause;
	char text[PREFIX_TEXT_MAX];
	log_debug("vip", "withdrawing %s (%s)", prefix_format(vip, text), cause);
	bgp_speaker_withdraw(a->speaker, vip, cause);
}

static void route_changed(const struct prefix *vip, const void *owner, enum route_form form,
			  void *userdata)
{
	struct actuator *a = userdata;
	aggregates_count(a->aggregates, vip, owner, form, loop_now(a->loop));
}

static void disown(const struct prefix *vip, void *userdata)
{
	struct actuator *a = userdata;
	bgp_speaker_disown(a->speaker, vip);
}

static void on_acked(bool complete, void *userdata)
{
	struct actuator *a = userdata;
	bgp_flush_free(a->ack_wait);
	a->ack_wait = NULL;
	if (!complete)
		log_warn("vip", "a peer has not acknowledged a withdrawal in time, continuing "
				"without it");
	reconcile_acked(a->reconcile);
}

static void await_acks(void *userdata)
{
	struct actuator *a = userdata;
	mono_t limit = usec_min(usec_add(loop_now(a->loop), ACK_WAIT_MAX), a->ack_limit);
	bgp_flush_free(a->ack_wait);
	a->ack_wait = bgp_speaker_flush(a->speaker, limit, on_acked, a);
}

static int on_work(sd_event_source *source, void *userdata);

static void work(void *userdata)
{
	struct actuator *a = userdata;
	loop_defer(a->loop, &a->work, LOOP_APPLY, on_work, a);
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct actuator *a = userdata;
	mono_t end = usec_add(loop_clock(), WORK_TIME);
	bool more;
	do
		more = reconcile_work(a->reconcile, WORK_STEP, loop_now(a->loop));
	while (more && loop_clock() < end);
	nat_collect(a->nat, more);
	if (more) {
		work(a);
		return 0;
	}
	if (a->settled && reconcile_settled(a->reconcile)) {
		actuator_settled_cb *settled = a->settled;
		a->settled = NULL;
		settled(a->settled_userdata);
	}
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct actuator *a = userdata;
	reconcile_retry(a->reconcile);
	return 0;
}

static void retry(mono_t when, void *userdata)
{
	struct actuator *a = userdata;
	loop_timer_set(a->loop, &a->retry, when, LOOP_APPLY, on_retry, a);
}

static const struct reconcile_ops ops = {
	.address_add = address_add,
	.address_del = address_del,
	.nat_check = nat_targets_check,
	.nat_set = set_nat,
	.announce = announce,
	.withdraw = withdraw,
	.route_changed = route_changed,
	.disown = disown,
	.await_acks = await_acks,
	.work = work,
	.retry = retry,
};

/* Aggregates */

void actuator_set_aggregates(struct actuator *a, const struct aggregate_list *list)
{
	aggregate_routes_change(a->aggregates, a->reconcile, list, loop_now(a->loop));
}

const struct aggregates *actuator_aggregates(const struct actuator *a)
{
	return a->aggregates;
}

/* Life */

static const char *loss_text(enum loopback_loss why, bool on_lo)
{
	switch (why) {
	case LOOPBACK_REMOVED:
		return on_lo ? "removed from lo by another process"
			     : "removed from its interface by another process";
	case LOOPBACK_UNROUTED:
		return "local route removed by another process";
	case LOOPBACK_ALTERED:
		return "lifetime or tag of the address changed by another process";
	case LOOPBACK_SETTLED:
		break;
	}
	return "";
}

static void log_lo(struct actuator *a, bool up)
{
	if (!up && a->lo_up)
		log_event(LOG_ERROR, "vip", EVENT("lo.down"),
			  "lo is down: no VIP can be reached, withdrawing all until it is "
			  "up again ('ip link set lo up')");
	if (up) { /* perhaps after a moment that was over before it was noticed */
		log_event(LOG_WARNING, "vip", EVENT("lo.up"), "lo is up again, restoring all VIPs");
		a->lo.repairs++;
		a->lo.at = loop_now(a->loop);
	}
	a->lo_up = up;
}

static void log_flip(struct actuator *a, const struct loopback *at)
{
	bool up = loopback_is_up(at);
	const char *name = loopback_name(at);
	if (at == places_lo(a->binding.places))
		log_lo(a, up);
	else if (up)
		log_warn("vip", "interface %s is up, binding its VIPs", name);
	else
		log_error("vip",
			  "interface %s is missing or down: withdrawing its VIPs until it "
			  "is there and up",
			  name);
}

static void on_lost(const struct loopback *at, const struct prefix *prefix, enum loopback_loss why,
		    void *userdata)
{
	struct actuator *a = userdata;
	bool on_lo = at == places_lo(a->binding.places);
	if (!prefix)
		log_flip(a, at);
	if (why != LOOPBACK_SETTLED)
		reconcile_address_lost(a->reconcile, loopback_name(at), prefix,
				       loss_text(why, on_lo), loop_now(a->loop));
	/* Also one that was lost before it served. */
	if (prefix && !on_lo)
		reconcile_resume(a->reconcile, prefix);
}

static void on_address_changed(const struct addr *addr, void *userdata)
{
	struct actuator *a = userdata;
	struct prefix vip = { 0 };
	if (addr)
		vip = (struct prefix){ *addr, (uint8_t)(addr_size(addr->family) * 8) };
	reconcile_presence_changed(a->reconcile, addr ? &vip : NULL, loop_now(a->loop));
}

static void on_nat_told(const struct prefix *vip, int result, const struct err *err, void *userdata)
{
	struct actuator *a = userdata;
	struct err said = { "" };
	if (result < 0) {
		said = *err;
		err_prefix(&said, result, "NAT: ");
	}
	reconcile_nat_result(a->reconcile, vip, nat_result(result), &said, loop_now(a->loop));
	work(a); /* it may have been the last one that the shutdown waits for */
}

int actuator_new(sd_event *loop, struct host_addresses *addresses, enum nat_choice nat,
		 struct actuator **ret, struct err *err)
{
	struct actuator *a = mem_new(1, sizeof(*a));
	a->loop = loop;
	a->addresses = addresses;
	a->ack_limit = USEC_NEVER;
	a->aggregates = aggregates_new(&aggregate_routes_ops, &a->speaker);
	a->reconcile = reconcile_new(&ops, a);
	int rc = binding_init(&a->binding, loop, on_lost, on_address_changed, a, err);
	if (rc < 0) {
		actuator_free(a);
		return rc;
	}
	a->lo_up = loopback_is_up(places_lo(a->binding.places));
	if (!a->lo_up)
		log_error("vip", "lo is down: no VIP will be announced until it is up "
				 "('ip link set lo up')");
	a->nat = nat_new(loop, nat, on_nat_told, a);
	a->census = nat_served_census_new(loop, a->reconcile, a->nat);
	*ret = a;
	return 0;
}

void actuator_free(struct actuator *a)
{
	if (!a)
		return;
	bgp_flush_free(a->ack_wait);
	sd_event_source_disable_unref(a->work);
	sd_event_source_disable_unref(a->retry);
	nat_served_census_free(a->census);
	nat_free(a->nat);
	reconcile_free(a->reconcile);
	aggregates_free(a->aggregates);
	binding_done(&a->binding);
	free(a);
}

void actuator_set_speaker(struct actuator *a, struct bgp_speaker *speaker)
{
	a->speaker = speaker;
}

struct reconcile *actuator_reconcile(struct actuator *a)
{
	return a->reconcile;
}

bool actuator_lo_has_foreign(const struct actuator *a, const struct prefix *vip,
			     const char *app_name)
{
	return loopback_has_foreign(places_lo(a->binding.places), vip, app_name);
}

bool actuator_lo_is_up(const struct actuator *a)
{
	return a->lo_up;
}

struct drift_record actuator_lo_drift(const struct actuator *a)
{
	return a->lo;
}

const struct nat_dead *actuator_nat_dead(const struct actuator *a)
{
	return nat_served_dead(a->census);
}

const struct nat *actuator_nat(const struct actuator *a)
{
	return a->nat;
}

void actuator_set_notes(struct actuator *a, const struct vip_notes *notes, void *userdata)
{
	a->binding.notes = notes;
	a->binding.notes_userdata = userdata;
}

void actuator_noted(struct actuator *a)
{
	size_t n;
	/* Set apart first: a VIP that has to wait again is for the next call. */
	struct prefix *waiting = binding_detach_noted(&a->binding, &n);
	for (size_t i = 0; i < n; i++) {
		reconcile_resume(a->reconcile, &waiting[i]);
		if (!vip_find(a->reconcile, &waiting[i]))
			binding_forget_notes(&a->binding, &waiting[i]);
	}
	free(waiting);
}

bool actuator_has_tags(const struct actuator *a)
{
	return binding_has_tags(&a->binding);
}

bool actuator_adopt(struct actuator *a, const struct prefix *vip, const char *ifname,
		    const char *label)
{
	struct loopback *at;
	return places_get(a->binding.places, ifname, &at, NULL) == 0 &&
	       loopback_adopt(at, vip, label);
}

bool actuator_is_ours(const struct actuator *a, const struct prefix *vip, const char *ifname)
{
	return binding_is_ours(&a->binding, vip, ifname);
}

struct leftovers {
	struct prefix *items;
	size_t n, cap;
};

static void collect(const struct prefix *vip, void *userdata)
{
	struct leftovers *l = userdata;
	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = *vip;
}

static void found_nat(const struct prefix *vip, void *userdata)
{
	struct actuator *a = userdata;
	reconcile_leftover_nat(a->reconcile, vip);
}

void actuator_find_leftovers(struct actuator *a, bool *ret_ipv4, bool *ret_ipv6)
{
	*ret_ipv4 = *ret_ipv6 = false;
	for (size_t k = 0; k < places_n(a->binding.places); k++) {
		struct leftovers l = { 0 };
		struct loopback *at = places_at(a->binding.places, k);
		loopback_walk_leftovers(at, collect, &l);
		/* While the interface is down, nothing answers on those that are still there. */
		for (size_t i = 0; i < l.n && loopback_is_up(at); i++)
			*(l.items[i].addr.family == AF_INET6 ? ret_ipv6 : ret_ipv4) = true;
		free(l.items);
	}
}

static void collect_at(struct actuator *a, struct loopback *at)
{
	/* Set apart first: an address that is taken over changes the table that is walked. */
	struct leftovers l = { 0 };
	loopback_walk_leftovers(at, collect, &l);
	if (l.n > 0)
		log_info("vip",
			 "%zu VIP%s of the previous instance on %s: retained where an app is "
			 "registered for it, else removed",
			 l.n, l.n == 1 ? "" : "s", loopback_name(at));
	for (size_t i = 0; i < l.n; i++)
		reconcile_leftover_address(a->reconcile, &l.items[i]);
	free(l.items);
}

void actuator_collect_leftovers(struct actuator *a)
{
	for (size_t i = 0; i < places_n(a->binding.places); i++)
		collect_at(a, places_at(a->binding.places, i));
	nat_walk_leftovers(a->nat, found_nat, a);
}

void actuator_finish(struct actuator *a, mono_t ack_limit, actuator_settled_cb *settled,
		     void *userdata)
{
	a->ack_limit = ack_limit;
	a->settled = settled;
	a->settled_userdata = userdata;
	reconcile_merge_waits(a->reconcile);
}
