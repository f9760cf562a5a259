/* SPDX-License-Identifier: MIT */
#include "bfd/fsm.h"

/* The peer hears of AdminDown so often at most. */
#define STOP_INTERVAL_MAX (300 * USEC_PER_MSEC)
#define STOP_PACKETS      3

static span_t longer(span_t a, span_t b)
{
	return a > b ? a : b;
}

/* ---- timers ---- */

static bool knows_peer(const struct bfd_fsm *f)
{
	return f->remote_discr != 0;
}

/* 6.8.2, before jitter. */
static span_t transmit_interval(const struct bfd_fsm *f)
{
	if (f->state == BFD_ADMIN_DOWN) /* a few, but no faster than the peer accepts */
		return longer(usec_min(f->config.desired_min_tx, STOP_INTERVAL_MAX),
			      f->remote_min_rx);
	return longer(f->min_tx_used, f->remote_min_rx);
}

/* 6.8.7 */
static bool is_periodic(const struct bfd_fsm *f)
{
	const bool rests = f->remote_demand && f->state == BFD_UP && f->remote_state == BFD_UP &&
			   f->poll == BFD_POLL_NONE;
	if (f->state == BFD_ADMIN_DOWN)
		return f->stop_left > 0;
	return !rests && f->remote_min_rx != 0 && (knows_peer(f) || !f->config.passive);
}

static span_t slack(span_t interval)
{
	return usec_min(interval / 50, BFD_SLACK_MAX);
}

/* Shorter by up to a quarter, the slack included; with a multiplier of 1 by a tenth at least, so
 * that one packet is never late. */
static span_t jittered(const struct bfd_fsm *f, span_t interval, uint32_t random)
{
	const span_t least = f->config.multiplier == 1 ? interval / 10 : 0;
	const span_t room = interval / 4 - least - slack(interval);
	return interval - least - room * random / UINT32_MAX;
}

/* Only what has changed moves the next packet: jitter is drawn once for each. */
static void update_transmission(struct bfd_fsm *f, uint32_t random, bool was_sent)
{
	const span_t interval = is_periodic(f) ? transmit_interval(f) : USEC_NEVER;
	if (interval == f->tx_interval && !was_sent)
		return;
	f->tx_interval = interval;
	f->tx_at = interval == USEC_NEVER ? USEC_NEVER
					  : usec_add(f->sent_at, jittered(f, interval, random));
}

static span_t receive_interval(const struct bfd_fsm *f)
{
	return longer(f->min_rx_used, f->remote_min_tx);
}

span_t bfd_fsm_detection_time(const struct bfd_fsm *f)
{
	return f->remote_multiplier * receive_interval(f);
}

static span_t allowed_silence(const struct bfd_fsm *f)
{
	const span_t down = f->remote_multiplier * longer(BFD_SLOW_TX, f->remote_min_tx);
	return f->resumed ? longer(bfd_fsm_detection_time(f), down) : bfd_fsm_detection_time(f);
}

static void update_detection(struct bfd_fsm *f)
{
	if (knows_peer(f) && !f->excused)
		f->detect_at = usec_add(f->heard_at, allowed_silence(f));
}

/* ---- our own timers, 6.8.3 ---- */

/* A change that could make the other side expect packets that do not come waits for the end of the
 * Poll Sequence. */
static void use_timers(struct bfd_fsm *f, bool is_agreed)
{
	const bool wait = f->state == BFD_UP && !is_agreed;
	f->min_tx_used = wait ? usec_min(f->min_tx_used, f->min_tx) : f->min_tx;
	f->min_rx_used = wait ? longer(f->min_rx_used, f->min_rx) : f->min_rx;
}

static void begin_poll(struct bfd_fsm *f)
{
	switch (f->poll) {
	case BFD_POLL_NONE:
		f->poll = BFD_POLL_SENT;
		return;
	case BFD_POLL_SENT:
		f->poll = BFD_POLL_STALE;
		return;
	case BFD_POLL_WANTED:
	case BFD_POLL_STALE:
		return;
	}
}

/* Outside of Up every packet says all there is to know, and nothing is agreed on yet. */
static void set_timers(struct bfd_fsm *f)
{
	const struct bfd_config *c = &f->config;
	const span_t tx =
		f->state == BFD_UP ? c->desired_min_tx : longer(c->desired_min_tx, BFD_SLOW_TX);
	const bool changed = tx != f->min_tx || c->required_min_rx != f->min_rx;
	f->min_tx = tx;
	f->min_rx = c->required_min_rx;
	use_timers(f, false);
	if (f->state != BFD_UP)
		f->poll = BFD_POLL_NONE;
	else if (changed)
		begin_poll(f);
}

static void end_poll(struct bfd_fsm *f)
{
	if (f->poll == BFD_POLL_STALE) {
		f->poll = BFD_POLL_WANTED;
	} else if (f->poll == BFD_POLL_SENT) {
		f->poll = BFD_POLL_NONE;
		use_timers(f, true);
	}
}

/* ---- states ---- */

/* A peer that says Down to a session that was resumed has only missed our packets. */
static void leave_up(struct bfd_fsm *f, span_t silence, mono_t now)
{
	const bool is_ours =
		f->resumed && f->diag == BFD_DIAG_NEIGHBOR_SIGNALED && f->remote_state == BFD_DOWN;
	f->down_events++;
	f->resumed = false;
	f->down = (struct bfd_down){ .diag = is_ours ? BFD_DIAG_NONE : f->diag,
				     .remote_state = f->remote_state,
				     .remote_diag = f->remote_diag,
				     .at = now,
				     .silence = silence };
}

static void change_state(struct bfd_fsm *f, enum bfd_state to, enum bfd_diag diag, mono_t now)
{
	const enum bfd_state from = f->state;
	const span_t silence = diag == BFD_DIAG_EXPIRED ? allowed_silence(f) : 0;
	f->state = to;
	f->since = now;
	f->diag = diag;
	if (from == BFD_UP)
		leave_up(f, silence, now);
	if (to == BFD_UP)
		f->up_events++;
	set_timers(f);
}

/* As if it had never been heard of. */
static void forget_peer(struct bfd_fsm *f)
{
	f->remote_state = BFD_DOWN;
	f->remote_discr = 0;
	f->remote_min_tx = 0;
	f->remote_min_rx = 1;
	f->remote_multiplier = 0;
	f->remote_demand = f->remote_independent = false;
	f->detect_at = USEC_NEVER;
}

/* The peer's interval once more: it may have been sending all along, to a host that did not run. */
static bool is_put_off(struct bfd_fsm *f, const struct bfd_event *event)
{
	if (!event->late || f->excused)
		return false;
	f->excused = true;
	f->detect_at = usec_add(event->now, receive_interval(f));
	return true;
}

static void detect(struct bfd_fsm *f, const struct bfd_event *event)
{
	if (event->now < f->detect_at || is_put_off(f, event))
		return;
	switch (f->state) {
	case BFD_ADMIN_DOWN:
	case BFD_DOWN:
		break;
	case BFD_INIT:
	case BFD_UP:
		change_state(f, BFD_DOWN, BFD_DIAG_EXPIRED, event->now);
		break;
	}
	forget_peer(f);
}

/* 6.8.6, the state machine of 6.2. */
static void follow_peer(struct bfd_fsm *f, enum bfd_state theirs, mono_t now)
{
	switch (f->state) {
	case BFD_ADMIN_DOWN:
		break;
	case BFD_DOWN:
		if (theirs == BFD_DOWN)
			change_state(f, BFD_INIT, f->diag, now);
		else if (theirs == BFD_INIT)
			change_state(f, BFD_UP, BFD_DIAG_NONE, now);
		break;
	case BFD_INIT:
		if (theirs == BFD_ADMIN_DOWN)
			change_state(f, BFD_DOWN, BFD_DIAG_NEIGHBOR_SIGNALED, now);
		else if (theirs == BFD_INIT || theirs == BFD_UP)
			change_state(f, BFD_UP, BFD_DIAG_NONE, now);
		break;
	case BFD_UP:
		if (theirs == BFD_ADMIN_DOWN || theirs == BFD_DOWN)
			change_state(f, BFD_DOWN, BFD_DIAG_NEIGHBOR_SIGNALED, now);
		break;
	}
}

static void learn(struct bfd_fsm *f, const struct bfd_packet *p, mono_t now)
{
	f->remote_discr = p->my_discr;
	f->remote_state = p->state;
	f->remote_diag = (enum bfd_diag)p->diag;
	f->remote_demand = p->demand;
	f->remote_independent = p->independent;
	f->remote_min_tx = p->min_tx;
	f->remote_min_rx = p->min_rx;
	f->remote_multiplier = p->multiplier;
	f->heard_at = now;
	f->excused = false;
	if (p->state == BFD_UP)
		f->resumed = false;
}

/* A peer that says Down has understood. */
static void hear_while_stopping(struct bfd_fsm *f)
{
	if (f->remote_state == BFD_DOWN || f->remote_state == BFD_ADMIN_DOWN)
		f->stop_left = 0;
}

static void stop(struct bfd_fsm *f, mono_t now)
{
	const bool was_heard = f->state == BFD_UP || f->state == BFD_INIT;
	if (f->state == BFD_ADMIN_DOWN)
		return;
	change_state(f, BFD_ADMIN_DOWN, BFD_DIAG_ADMIN_DOWN, now);
	const span_t room = 1 + BFD_STOP_MAX / transmit_interval(f);
	f->stop_left = (unsigned)usec_min(longer(f->config.multiplier, STOP_PACKETS), room);
	if (!was_heard)
		f->stop_left = f->config.passive && !knows_peer(f) ? 0 : 1;
}

/* ---- steps ---- */

static void begin(struct bfd_fsm *f, mono_t now)
{
	f->sent_at = now;
	if (!f->resumed)
		f->since = now;
}

static void hear(struct bfd_fsm *f, const struct bfd_packet *p, mono_t now, struct bfd_actions *ret)
{
	learn(f, p, now);
	if (p->final)
		end_poll(f);
	ret->dropped = f->state == BFD_ADMIN_DOWN;
	if (ret->dropped)
		hear_while_stopping(f);
	else
		follow_peer(f, p->state, now);
	ret->packet.final = p->poll && !ret->dropped;
}

/* Whether a packet would say something else now: that does not wait (6.8.7). */
static bool change(struct bfd_fsm *f, const struct bfd_config *next)
{
	const struct bfd_fsm before = *f;
	f->config = *next;
	if (f->state == BFD_ADMIN_DOWN)
		return false;
	set_timers(f);
	return f->min_tx != before.min_tx || f->min_rx != before.min_rx ||
	       next->multiplier != before.config.multiplier;
}

/* Whether a packet is to leave now, besides those that are due. */
static bool handle(struct bfd_fsm *f, const struct bfd_event *event, struct bfd_actions *ret)
{
	switch (event->type) {
	case BFD_EV_START:
		begin(f, event->now);
		return true;
	case BFD_EV_STOP:
		stop(f, event->now);
		return true;
	case BFD_EV_CHANGE:
		return change(f, event->config);
	case BFD_EV_PACKET:
		hear(f, event->packet, event->now, ret);
		return ret->packet.final;
	case BFD_EV_TIMER:
		detect(f, event);
		break;
	}
	return false;
}

/* 6.8.7 */
static void fill(const struct bfd_fsm *f, struct bfd_packet *p)
{
	const bool poll = f->poll == BFD_POLL_SENT || f->poll == BFD_POLL_STALE;
	*p = (struct bfd_packet){ .state = f->state,
				  .diag = (uint8_t)f->diag,
				  .poll = poll && !p->final,
				  .final = p->final,
				  .multiplier = f->config.multiplier,
				  .my_discr = f->discr,
				  .your_discr = f->remote_discr,
				  .min_tx = (uint32_t)f->min_tx,
				  .min_rx = (uint32_t)f->min_rx };
}

/* A Final leaves beside the schedule, all others move it. */
static void make_packet(struct bfd_fsm *f, const struct bfd_event *event, bool moves,
			struct bfd_actions *ret)
{
	ret->send = true;
	fill(f, &ret->packet);
	if (f->poll == BFD_POLL_WANTED)
		f->poll = BFD_POLL_SENT;
	if (f->stop_left > 0)
		f->stop_left--;
	if (!moves)
		return;
	f->sent_at = event->now;
	update_transmission(f, event->random, true);
}

void bfd_fsm_step(struct bfd_fsm *f, const struct bfd_event *event, struct bfd_actions *ret)
{
	*ret = (struct bfd_actions){ .from = f->state };
	const bool wanted = handle(f, event, ret);
	const bool changed = ret->from != f->state;
	update_detection(f);
	update_transmission(f, event->random, false);
	ret->to = f->state;
	if ((wanted || changed) && (is_periodic(f) || ret->packet.final))
		make_packet(f, event, changed || !ret->packet.final, ret);
	else if (f->tx_at != USEC_NEVER && event->now + slack(f->tx_interval) >= f->tx_at)
		make_packet(f, event, true, ret);
}

mono_t bfd_fsm_deadline(const struct bfd_fsm *f)
{
	return usec_min(f->tx_at, f->detect_at);
}

bool bfd_fsm_expects_packet(const struct bfd_fsm *f, mono_t now)
{
	return now >= f->detect_at;
}

bool bfd_fsm_is_finished(const struct bfd_fsm *f)
{
	return f->state == BFD_ADMIN_DOWN && f->stop_left == 0;
}

void bfd_fsm_init(struct bfd_fsm *f, const struct bfd_config *config, uint32_t discr, mono_t now)
{
	*f = (struct bfd_fsm){ .config = *config,
			       .state = BFD_DOWN,
			       .discr = discr,
			       .since = now,
			       .sent_at = now,
			       .tx_interval = USEC_NEVER,
			       .tx_at = USEC_NEVER };
	forget_peer(f);
	set_timers(f);
}

/* Whether a Poll Sequence had ended is not known: what is in use is what neither side can find too
 * slow, and another one begins. */
void bfd_fsm_resume(struct bfd_fsm *f, const struct bfd_config *config, const struct bfd_resume *r,
		    mono_t now)
{
	bfd_fsm_init(f, config, r->discr, now);
	f->resumed = true;
	f->state = f->remote_state = BFD_UP;
	f->since = r->since;
	f->heard_at = now;
	f->remote_discr = r->remote_discr;
	f->remote_min_tx = r->remote_min_tx;
	f->remote_min_rx = r->remote_min_rx;
	f->remote_multiplier = r->remote_multiplier;
	f->min_tx = f->min_tx_used = config->desired_min_tx;
	if (r->tx_interval > 0)
		f->min_tx_used = usec_min(f->min_tx, r->tx_interval);
	f->min_rx_used = longer(f->min_rx, r->rx_interval);
	f->poll = BFD_POLL_SENT;
}

void bfd_fsm_status(const struct bfd_fsm *f, struct bfd_status *ret)
{
	const bool heard = f->remote_multiplier > 0;
	ret->state = f->state;
	ret->remote_state = f->remote_state;
	ret->diag = f->diag;
	ret->remote_diag = f->remote_diag;
	ret->since = f->since;
	ret->discr = f->discr;
	ret->remote_discr = f->remote_discr;
	ret->tx_interval = is_periodic(f) ? transmit_interval(f) : 0;
	ret->rx_interval = heard ? receive_interval(f) : 0;
	ret->detection_time = bfd_fsm_detection_time(f);
	ret->remote_min_tx = f->remote_min_tx;
	ret->remote_min_rx = heard ? f->remote_min_rx : 0;
	ret->remote_multiplier = f->remote_multiplier;
	ret->remote_independent = f->remote_independent;
	ret->up_events = f->up_events;
	ret->down_events = f->down_events;
	ret->down = f->down;
}
