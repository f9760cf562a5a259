/* SPDX-License-Identifier: MIT */
#include "agent/vip/actuator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/loopback.h"
#include "net/vipaddr.h"
#include "process/loop.h"

/* One turn of the loop works on this many VIPs, and then on as many more as there is time for. The
 * kernel takes 10 to 300 µs for an address, more the more there are. */
#define WORK_STEP 16
#define WORK_TIME (10 * USEC_PER_MSEC)
/* A router that acknowledges nothing for this long does not hold up an address for ever. */
#define ACK_WAIT_MAX (3 * USEC_PER_SEC)

struct actuator {
	sd_event *loop;
	struct host_addresses *identity;
	struct loopback *loopback;
	struct nat *nat;
	struct bgp_speaker *speaker;
	struct reconcile *reconcile;
	struct bgp_flush *ack_wait;
	usec_t ack_limit; /* USEC_NEVER until the agent stops */
	bool lo_up;
	struct drift_record lo;
	sd_event_source *work, *retry;
	actuator_settled_cb *settled;
	void *settled_userdata;
	const struct actuator_notes *notes; /* NULL: nobody writes down what is ours */
	void *notes_userdata;
	struct prefix *waiting; /* for actuator_noted() */
	size_t n_waiting, cap_waiting;
};

/* What the reconciler asks for */

static bool needs_notes(const struct actuator *e)
{
	return e->notes && !loopback_has_tags(e->loopback);
}

static int note(struct actuator *e, const struct prefix *vip, const char *app)
{
	char label[IFNAMSIZ];
	if (!needs_notes(e) || loopback_owns(e->loopback, vip))
		return 0;
	vipaddr_label(vip, app, label);
	int rc = e->notes->note(vip, label, e->notes_userdata);
	if (rc < 0) {
		e->waiting = mem_grow(e->waiting, &e->cap_waiting, e->n_waiting + 1,
				      sizeof(*e->waiting));
		e->waiting[e->n_waiting++] = *vip;
	}
	return rc;
}

static int address_add(const struct prefix *vip, const char *app, struct err *err, void *userdata)
{
	struct actuator *e = userdata;
	int rc = note(e, vip, app);
	return rc < 0 ? rc : loopback_add(e->loopback, vip, app, err);
}

static int address_del(const struct prefix *vip, struct err *err, void *userdata)
{
	struct actuator *e = userdata;
	int rc = loopback_del(e->loopback, vip, err);
	if (rc == 0 && needs_notes(e))
		e->notes->forget(vip, e->notes_userdata);
	return rc;
}

/* What the kernel lacks may be loaded later: to be tried again. */
static int nat_result(int rc)
{
	return rc == -EOPNOTSUPP ? -ENOSYS : rc;
}

static int set_nat(const struct prefix *vip, const struct nat_spec *nats, size_t n, struct err *err,
		   void *userdata)
{
	struct actuator *e = userdata;
	struct addr own = { 0 };
	if (n > 0) {
		int rc = host_addresses_own(e->identity, vip->addr.family, &own, err);
		if (rc < 0)
			return err_prefix(err, rc, "NAT: ");
	}
	int rc = nat_set(e->nat, vip, nats, n, &own, err);
	return rc < 0 && rc != -EINPROGRESS ? err_prefix(err, nat_result(rc), "NAT: ") : rc;
}

static void announce(const struct prefix *vip, const struct bgp_route_attrs *attrs, void *userdata)
{
	struct actuator *e = userdata;
	struct bgp_route route = { .prefix = *vip, .attrs = *attrs };
	bgp_speaker_announce(e->speaker, &route);
}

static void withdraw(const struct prefix *vip, void *userdata)
{
	struct actuator *e = userdata;
	bgp_speaker_withdraw(e->speaker, vip);
}

static void disown(const struct prefix *vip, void *userdata)
{
	struct actuator *e = userdata;
	bgp_speaker_disown(e->speaker, vip);
}

static void on_acked(bool complete, void *userdata)
{
	struct actuator *e = userdata;
	bgp_flush_free(e->ack_wait);
	e->ack_wait = NULL;
	if (!complete)
		log_warn("vip", "a peer did not acknowledge a withdrawal in time, going on "
				"without it");
	reconcile_acked(e->reconcile);
}

static void await_acks(void *userdata)
{
	struct actuator *e = userdata;
	usec_t limit = usec_min(usec_add(loop_now(e->loop), ACK_WAIT_MAX), e->ack_limit);
	bgp_flush_free(e->ack_wait);
	e->ack_wait = bgp_speaker_flush(e->speaker, limit, on_acked, e);
}

static int on_work(sd_event_source *source, void *userdata);

static void work(void *userdata)
{
	struct actuator *e = userdata;
	loop_defer(e->loop, &e->work, LOOP_APPLY, on_work, e);
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct actuator *e = userdata;
	usec_t end = usec_add(loop_clock(), WORK_TIME);
	bool more;
	do
		more = reconcile_work(e->reconcile, WORK_STEP, loop_now(e->loop));
	while (more && loop_clock() < end);
	nat_hold(e->nat, more);
	if (more) {
		work(e);
		return 0;
	}
	if (e->settled && reconcile_settled(e->reconcile)) {
		actuator_settled_cb *settled = e->settled;
		e->settled = NULL;
		settled(e->settled_userdata);
	}
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct actuator *e = userdata;
	reconcile_retry(e->reconcile);
	return 0;
}

static void retry(usec_t when, void *userdata)
{
	struct actuator *e = userdata;
	loop_timer_set(e->loop, &e->retry, when, LOOP_APPLY, on_retry, e);
}

static const struct reconcile_ops ops = {
	.address_add = address_add,
	.address_del = address_del,
	.nat_set = set_nat,
	.announce = announce,
	.withdraw = withdraw,
	.disown = disown,
	.await_acks = await_acks,
	.work = work,
	.retry = retry,
};

/* Life */

static const char *loss_text(enum loopback_loss why)
{
	switch (why) {
	case LOOPBACK_REMOVED:
		return "somebody removed it from lo";
	case LOOPBACK_UNROUTED:
		return "somebody removed its local route";
	case LOOPBACK_ALTERED:
		return "somebody changed its lifetime or its tag";
	}
	return "";
}

static void say_lo(struct actuator *e)
{
	bool up = loopback_is_up(e->loopback);
	if (!up && e->lo_up)
		log_error("vip", "lo is down: no VIP can be reached, all are withdrawn until it is "
				 "up again ('ip link set lo up')");
	if (up) { /* perhaps after a moment that was over before we looked */
		log_warn("vip", "lo is up again, putting all VIPs back");
		e->lo.repairs++;
		e->lo.at = loop_now(e->loop);
	}
	e->lo_up = up;
}

static void on_lost(const struct prefix *prefix, enum loopback_loss why, void *userdata)
{
	struct actuator *e = userdata;
	if (!prefix)
		say_lo(e);
	reconcile_address_lost(e->reconcile, prefix, loss_text(why), loop_now(e->loop));
}

static void on_nat_told(const struct prefix *vip, int result, const struct err *err, void *userdata)
{
	struct actuator *e = userdata;
	struct err said = { "" };
	if (result < 0) {
		said = *err;
		err_prefix(&said, result, "NAT: ");
	}
	reconcile_nat_result(e->reconcile, vip, nat_result(result), &said, loop_now(e->loop));
	work(e); /* it may have been the last one that the stop waits for */
}

int actuator_new(sd_event *loop, struct host_addresses *identity, enum nat_choice nat,
		 struct actuator **ret, struct err *err)
{
	struct actuator *e = mem_new(1, sizeof(*e));
	e->loop = loop;
	e->identity = identity;
	e->ack_limit = USEC_NEVER;
	e->reconcile = reconcile_new(&ops, e);
	int rc = loopback_new(loop, on_lost, e, &e->loopback, err);
	if (rc < 0) {
		actuator_free(e);
		return rc;
	}
	e->lo_up = loopback_is_up(e->loopback);
	if (!e->lo_up)
		log_error("vip", "lo is down: no VIP will be announced until it is up "
				 "('ip link set lo up')");
	e->nat = nat_new(loop, nat, on_nat_told, e);
	*ret = e;
	return 0;
}

void actuator_free(struct actuator *e)
{
	if (!e)
		return;
	bgp_flush_free(e->ack_wait);
	sd_event_source_disable_unref(e->work);
	sd_event_source_disable_unref(e->retry);
	nat_free(e->nat);
	reconcile_free(e->reconcile);
	loopback_free(e->loopback);
	free(e->waiting);
	free(e);
}

void actuator_set_speaker(struct actuator *e, struct bgp_speaker *speaker)
{
	e->speaker = speaker;
}

struct reconcile *actuator_reconcile(struct actuator *e)
{
	return e->reconcile;
}

bool actuator_lo_is_up(const struct actuator *e)
{
	return e->lo_up;
}

struct drift_record actuator_lo_drift(const struct actuator *e)
{
	return e->lo;
}

const struct nat *actuator_nat(const struct actuator *e)
{
	return e->nat;
}

void actuator_set_notes(struct actuator *e, const struct actuator_notes *notes, void *userdata)
{
	e->notes = notes;
	e->notes_userdata = userdata;
}

void actuator_noted(struct actuator *e)
{
	/* Set apart first: whoever waits again is for the next time. */
	struct prefix *waiting = e->waiting;
	size_t n = e->n_waiting;
	e->waiting = NULL;
	e->n_waiting = e->cap_waiting = 0;
	for (size_t i = 0; i < n; i++) {
		reconcile_resume(e->reconcile, &waiting[i]);
		if (!reconcile_find(e->reconcile, &waiting[i]))
			e->notes->forget(&waiting[i], e->notes_userdata);
	}
	free(waiting);
}

bool actuator_adopt(struct actuator *e, const struct prefix *vip, const char *label)
{
	return loopback_adopt(e->loopback, vip, label);
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
	struct actuator *e = userdata;
	reconcile_leftover_nat(e->reconcile, vip);
}

void actuator_find_leftovers(struct actuator *e, bool *ret_ipv4, bool *ret_ipv6)
{
	struct leftovers l = { 0 };
	loopback_walk_leftovers(e->loopback, collect, &l);
	*ret_ipv4 = *ret_ipv6 = false;
	/* While lo is down, nothing answers on those that are still there. */
	for (size_t i = 0; i < l.n && loopback_is_up(e->loopback); i++)
		*(l.items[i].addr.family == AF_INET6 ? ret_ipv6 : ret_ipv4) = true;
	free(l.items);
}

void actuator_collect_leftovers(struct actuator *e)
{
	/* Set apart first: taking one changes what is walked over. */
	struct leftovers l = { 0 };
	loopback_walk_leftovers(e->loopback, collect, &l);
	if (l.n > 0)
		log_info("vip",
			 "a former run left %zu VIPs on lo that no app has up yet: kept where an "
			 "app is registered for them, else removed",
			 l.n);
	for (size_t i = 0; i < l.n; i++)
		reconcile_leftover_address(e->reconcile, &l.items[i]);
	free(l.items);
	nat_walk_leftovers(e->nat, found_nat, e);
}

void actuator_finish(struct actuator *e, usec_t ack_limit, actuator_settled_cb *settled,
		     void *userdata)
{
	e->ack_limit = ack_limit;
	e->settled = settled;
	e->settled_userdata = userdata;
	reconcile_merge_waits(e->reconcile);
}
