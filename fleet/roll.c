/* SPDX-License-Identifier: MIT */
#include "fleet/roll.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/xorshift.h"

void fleet_roll_init(struct fleet_roll *r, const struct fleet_roll_config *config,
		     const struct fleet_slot *me, enum fleet_roll_state state, bool may_be_late,
		     uint64_t number, uint32_t seed)
{
	assert(config->n_vips > 0 && config->n_vips <= FLEET_VIPS_MAX);
	*r = (struct fleet_roll){
		.config = config,
		.me = *me,
		.state = state,
		.number = number,
		.is_unsettled = may_be_late,
		.poll = { .first = config->poll, .max = config->poll_max },
		.backoff = { .first = config->timeout, .max = config->retry_max },
		.random = seed ? seed : 1,
	};
}

static void undecide(struct fleet_roll *r)
{
	for (size_t i = 0; i < FLEET_VIPS_MAX; i++)
		free(r->slots[i].items);
	for (size_t i = 0; i < FLEET_VIPS_MAX; i++)
		r->slots[i] = (struct fleet_slots){ 0 };
	r->is_decided = false;
}

void fleet_roll_done(struct fleet_roll *r)
{
	undecide(r);
}

/* ---- requests ---- */

static void give_up(struct fleet_roll *r)
{
	r->is_unsettled |= r->request.kind == FLEET_ROLL_WRITE;
	r->request.id = 0;
	r->has_room = false;
	undecide(r);
}

static void retry_later(struct fleet_roll *r, mono_t now)
{
	r->next_at = usec_add(now, backoff_next(&r->backoff, xorshift32(&r->random)));
}

void fleet_roll_release(struct fleet_roll *r, mono_t now)
{
	if (r->state == FLEET_ROLL_RELEASING || r->state == FLEET_ROLL_ENDED)
		return;
	if (r->request.id)
		give_up(r);
	undecide(r);
	backoff_reset(&r->backoff);
	r->state = FLEET_ROLL_RELEASING;
	r->next_at = now;
}

static bool is_active(const struct fleet_roll *r)
{
	return r->state == FLEET_ROLL_WAITING || r->state == FLEET_ROLL_CHECKING ||
	       r->state == FLEET_ROLL_RELEASING;
}

static enum fleet_roll_request_kind choose(const struct fleet_roll *r)
{
	if (r->is_decided)
		return FLEET_ROLL_WRITE;
	return r->has_room ? FLEET_ROLL_READ : FLEET_ROLL_READ_SLOTS;
}

bool fleet_roll_next(struct fleet_roll *r, mono_t now, struct fleet_roll_request *ret)
{
	if (r->request.id && now >= r->deadline) {
		give_up(r);
		retry_later(r, now);
	}
	if (r->request.id || !is_active(r) || now < r->next_at)
		return false;
	r->request = (struct fleet_roll_request){
		.id = ++r->last_id,
		.kind = choose(r),
		.number = ++r->number,
		.slots = r->slots,
	};
	r->deadline = usec_add(now, r->config->timeout);
	*ret = r->request;
	return true;
}

mono_t fleet_roll_deadline(const struct fleet_roll *r)
{
	if (r->request.id)
		return r->deadline;
	return is_active(r) ? r->next_at : USEC_NEVER;
}

/* ---- what is seen ---- */

static bool is_mine(const struct fleet_roll *r, const struct fleet_slot *s)
{
	return str_equal(r->me.node, s->node);
}

/* At how many VIPs. */
static size_t count_mine(const struct fleet_roll *r, const struct fleet_view *views)
{
	size_t n = 0;
	for (size_t i = 0; i < r->config->n_vips; i++)
		for (size_t k = 0; k < views[i].roll.n; k++)
			if (is_mine(r, &views[i].roll.items[k])) {
				n++;
				break;
			}
	return n;
}

static bool has_mine(const struct fleet_roll *r, const struct fleet_view *views)
{
	return count_mine(r, views) > 0;
}

static size_t count_others(const struct fleet_roll *r, const struct fleet_slots *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += !is_mine(r, &s->items[i]);
	return n;
}

static void note_taken(struct fleet_roll *r, const struct fleet_slots *s, size_t taken)
{
	wall_t first = USEC_NEVER;
	if (taken < r->wait.taken)
		return;
	r->wait.taken = taken;
	for (size_t i = 0; i < s->n; i++)
		if (!is_mine(r, &s->items[i]) && s->items[i].since < first) {
			first = s->items[i].since;
			str_copy(r->wait.node, sizeof(r->wait.node), s->items[i].node);
		}
}

/* At every VIP. */
static bool find_room(struct fleet_roll *r, const struct fleet_view *views)
{
	bool room = true;
	r->wait = (struct fleet_roll_wait){ .is_known = true };
	for (size_t i = 0; i < r->config->n_vips; i++) {
		size_t taken = count_others(r, &views[i].roll);
		room &= taken < r->config->limit;
		note_taken(r, &views[i].roll, taken);
	}
	return room;
}

/* Would enough stay at every VIP? */
static bool ask_guard(struct fleet_roll *r, const struct fleet_view *views, wall_t wall)
{
	bool all = true;
	for (size_t i = 0; i < r->config->n_vips; i++) {
		size_t others, min_up;
		if (!r->config->is_guarded[i] ||
		    fleet_may_drain(&views[i], &r->config->rules[i], r->me.node, wall, &others,
				    &min_up))
			continue;
		r->wait.others = others;
		r->wait.min_up = min_up;
		all = false;
	}
	r->wait.by_guard = !all;
	return all;
}

static bool is_guarded(const struct fleet_roll *r)
{
	for (size_t i = 0; i < r->config->n_vips; i++)
		if (r->config->is_guarded[i])
			return true;
	return false;
}

/* ---- decisions ---- */

/* To write: the slots of the others, with or without the own. */
static void decide(struct fleet_roll *r, const struct fleet_view *views, bool with_mine)
{
	undecide(r);
	for (size_t i = 0; i < r->config->n_vips; i++) {
		const struct fleet_slots *from = &views[i].roll;
		struct fleet_slots *to = &r->slots[i];
		to->index = from->index;
		to->items = mem_new(from->n + 1, sizeof(*to->items));
		for (size_t k = 0; k < from->n; k++)
			if (!is_mine(r, &from->items[k]))
				to->items[to->n++] = from->items[k];
		if (with_mine)
			to->items[to->n++] = r->me;
	}
	r->is_decided = true;
}

static void wait_for_room(struct fleet_roll *r, const struct fleet_view *views, mono_t now)
{
	uint64_t seen = 0;
	for (size_t i = 0; i < r->config->n_vips; i++)
		seen += views[i].roll.index;
	if (seen != r->seen)
		backoff_reset(&r->poll);
	r->seen = seen;
	r->next_at = usec_add(now, backoff_next(&r->poll, xorshift32(&r->random)));
}

/* A slot that is there counts for nothing before its write is confirmed: it may be of other VIPs,
 * too. */
static void judge_wait(struct fleet_roll *r, const struct fleet_view *views, bool is_whole,
		       wall_t wall, mono_t now)
{
	bool room = find_room(r, views);
	if (room && !is_whole && is_guarded(r)) {
		r->has_room = true;
		r->next_at = now;
		return;
	}
	r->has_room = false;
	if (room && ask_guard(r, views, wall)) {
		decide(r, views, true);
		r->next_at = now;
	} else if (has_mine(r, views)) { /* also what an instance before has left */
		r->gives_back = true;
		decide(r, views, false);
		r->next_at = now;
	} else {
		wait_for_room(r, views, now);
	}
}

/* No room is asked for: what has the slot is counted with it. */
static void judge_check(struct fleet_roll *r, const struct fleet_view *views, wall_t wall,
			mono_t now)
{
	if (!r->is_unsettled && count_mine(r, views) == r->config->n_vips) {
		r->state = FLEET_ROLL_HELD;
		return;
	}
	r->state = FLEET_ROLL_WAITING;
	judge_wait(r, views, false, wall, now);
}

static void judge_release(struct fleet_roll *r, const struct fleet_view *views, mono_t now)
{
	r->next_at = now;
	r->found |= has_mine(r, views);
	if (r->is_unsettled || has_mine(r, views))
		decide(r, views, false);
	else
		r->state = FLEET_ROLL_ENDED;
}

static void accept_write(struct fleet_roll *r, const struct fleet_view *views, wall_t wall,
			 mono_t now)
{
	bool gave_back = r->gives_back;
	undecide(r);
	r->is_unsettled = r->gives_back = false;
	if (r->state == FLEET_ROLL_RELEASING) {
		r->state = FLEET_ROLL_ENDED;
	} else if (gave_back) {
		wait_for_room(r, views, now);
	} else if (ask_guard(r, views, wall)) {
		r->state = FLEET_ROLL_HELD;
	} else { /* others left, or take a slot of the guard at the same time */
		r->gives_back = true;
		decide(r, views, false);
		r->next_at = now;
	}
}

static void accept(struct fleet_roll *r, enum fleet_roll_request_kind kind,
		   const struct fleet_view *views, wall_t wall, mono_t now)
{
	/* Looks that succeed between conflicts do not shorten the wait. */
	if (kind == FLEET_ROLL_WRITE) {
		backoff_reset(&r->backoff);
		accept_write(r, views, wall, now);
	} else if (r->state == FLEET_ROLL_RELEASING) {
		judge_release(r, views, now);
	} else if (r->state == FLEET_ROLL_CHECKING) {
		judge_check(r, views, wall, now);
	} else {
		judge_wait(r, views, kind == FLEET_ROLL_READ, wall, now);
	}
}

void fleet_roll_answer(struct fleet_roll *r, uint64_t id, enum fleet_result result,
		       const struct fleet_view *views, wall_t wall, mono_t now)
{
	enum fleet_roll_request_kind kind = r->request.kind;
	if (id == 0 || id != r->request.id)
		return;
	switch (result) {
	case FLEET_OK:
		r->request.id = 0;
		accept(r, kind, views, wall, now);
		break;
	case FLEET_CONFLICT: /* it has not taken effect */
		r->request.id = 0;
		r->gives_back = r->has_room = false;
		undecide(r);
		retry_later(r, now);
		break;
	case FLEET_FAILED:
		give_up(r);
		r->gives_back = false;
		retry_later(r, now);
		break;
	}
}
