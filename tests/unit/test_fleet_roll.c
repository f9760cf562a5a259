/* SPDX-License-Identifier: MIT */
/* Rolling work in a fleet: tables, and hosts over a model of Consul that loses and delays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/roll.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/xorshift.h"

#define SEC USEC_PER_SEC

static struct fleet_roll_config config(size_t limit, uint32_t min_up)
{
	return (struct fleet_roll_config){
		.n_vips = 1,
		.rules = { { .min_up = { .value = min_up }, .window = 600 * SEC } },
		.is_guarded = { min_up > 0 },
		.limit = limit,
		.timeout = SEC,
		.poll = SEC,
		.poll_max = 15 * SEC,
		.retry_max = 30 * SEC,
	};
}

/* ---- tables ---- */

/* A view of one VIP: who is announced, and who has a slot; "a b c". */
struct scene {
	struct fleet_up up[8];
	struct fleet_slot slots[8];
	struct fleet_view view;
};

static size_t split(const char *text, char (*names)[FLEET_NODE_MAX])
{
	size_t n = 0;
	for (; *text; text++)
		if (*text != ' ')
			snprintf(names[n++], FLEET_NODE_MAX, "%c", *text);
	return n;
}

static const struct fleet_view *scene(struct scene *s, const char *up, const char *slots)
{
	char names[8][FLEET_NODE_MAX];
	*s = (struct scene){ .view.roll.index = *slots ? 7 : 0 };
	s->view.n_up = split(up, names);
	for (size_t i = 0; i < s->view.n_up; i++) {
		snprintf(s->up[i].node, FLEET_NODE_MAX, "%.8s", names[i]);
		snprintf(s->up[i].session, FLEET_SESSION_MAX, "s%.8s", names[i]);
	}
	s->view.roll.n = split(slots, names);
	for (size_t i = 0; i < s->view.roll.n; i++)
		snprintf(s->slots[i].node, FLEET_NODE_MAX, "%.8s", names[i]);
	s->view.up = s->up;
	s->view.roll.items = s->slots;
	return &s->view;
}

struct bed {
	struct fleet_roll_config config;
	struct fleet_roll roll;
	struct fleet_roll_request request;
	struct scene scene;
	mono_t now;
};

static void begin(struct bed *b, size_t limit, uint32_t min_up, enum fleet_roll_state state)
{
	const struct fleet_slot me = { .node = "a", .id = "id", .since = 5 * SEC };
	b->config = config(limit, min_up);
	b->now = SEC;
	fleet_roll_init(&b->roll, &b->config, &me, state, false, 1, 1);
}

/* The request that is due is of this kind, and is answered. */
static void step(struct bed *b, enum fleet_roll_request_kind kind, enum fleet_result result,
		 const char *up, const char *slots)
{
	b->now = usec_max(b->now, fleet_roll_deadline(&b->roll));
	assert_true(fleet_roll_next(&b->roll, b->now, &b->request));
	assert_int_equal(b->request.kind, kind);
	const struct fleet_view *v = scene(&b->scene, up, slots);
	fleet_roll_answer(&b->roll, b->request.id, result, v, 5 * SEC, b->now);
}

/* Slots of the decided write, as scene() takes them. */
static const char *written(const struct bed *b)
{
	static char text[32];
	size_t n = 0;
	assert_true(b->roll.is_decided);
	for (size_t i = 0; i < b->roll.slots[0].n; i++)
		text[n++] = b->roll.slots[0].items[i].node[0];
	text[n] = 0;
	return text;
}

static void test_take_slot(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 2, 0, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "abc", "b");
	assert_string_equal(written(&b), "ba");
	assert_int_equal(b.roll.slots[0].index, 7);
	step(&b, FLEET_ROLL_WRITE, FLEET_OK, "abc", "ba");
	assert_int_equal(b.roll.state, FLEET_ROLL_HELD);
	assert_int_equal(fleet_roll_deadline(&b.roll), USEC_NEVER);
	fleet_roll_release(&b.roll, b.now);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "bc", "ba");
	assert_string_equal(written(&b), "b");
	step(&b, FLEET_ROLL_WRITE, FLEET_OK, "abc", "b");
	assert_int_equal(b.roll.state, FLEET_ROLL_ENDED);
	fleet_roll_done(&b.roll);
}

static void test_wait(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 2, 0, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "abc", "bc");
	assert_int_equal(b.roll.state, FLEET_ROLL_WAITING);
	assert_false(b.roll.is_decided);
	assert_int_equal(b.roll.wait.taken, 2);
	assert_string_equal(b.roll.wait.node, "b");
	assert_true(fleet_roll_deadline(&b.roll) > b.now);
	/* Given up before a write was sent: nothing to undo. */
	fleet_roll_release(&b.roll, b.now);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "abc", "bc");
	assert_int_equal(b.roll.state, FLEET_ROLL_ENDED);
	assert_false(b.roll.found);
	fleet_roll_done(&b.roll);
}

static void test_guard(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 3, 2, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "b");
	/* `b` is announced yet, and about to be drained. */
	step(&b, FLEET_ROLL_READ, FLEET_OK, "abc", "b");
	assert_true(b.roll.wait.by_guard);
	assert_int_equal(b.roll.wait.others, 1);
	assert_int_equal(b.roll.wait.min_up, 2);
	assert_false(b.roll.is_decided);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "b");
	step(&b, FLEET_ROLL_READ, FLEET_OK, "abcd", "b");
	assert_string_equal(written(&b), "ba");
	/* One ended between the read and the write: what was taken is given back. */
	step(&b, FLEET_ROLL_WRITE, FLEET_OK, "abc", "ba");
	assert_int_equal(b.roll.state, FLEET_ROLL_WAITING);
	assert_string_equal(written(&b), "b");
	step(&b, FLEET_ROLL_WRITE, FLEET_OK, "abc", "b");
	assert_int_equal(b.roll.state, FLEET_ROLL_WAITING);
	assert_false(b.roll.is_decided);
	fleet_roll_done(&b.roll);
}

/* Who is not announced takes no one away. */
static void test_guard_of_one_that_is_away(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1, 3, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "");
	step(&b, FLEET_ROLL_READ, FLEET_OK, "bc", "");
	assert_string_equal(written(&b), "a");
	fleet_roll_done(&b.roll);
}

static void test_lost_answer(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1, 0, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "");
	assert_true(fleet_roll_next(&b.roll, b.now, &b.request));
	b.now += SEC;
	assert_false(fleet_roll_next(&b.roll, b.now, &b.request));
	fleet_roll_release(&b.roll, b.now);
	/* It may yet come: the key is written, although there is nothing to give back. */
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "");
	assert_string_equal(written(&b), "");
	step(&b, FLEET_ROLL_WRITE, FLEET_FAILED, "", "");
	assert_int_equal(b.roll.state, FLEET_ROLL_RELEASING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "a");
	step(&b, FLEET_ROLL_WRITE, FLEET_CONFLICT, "", "");
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "a");
	step(&b, FLEET_ROLL_WRITE, FLEET_OK, "", "");
	assert_int_equal(b.roll.state, FLEET_ROLL_ENDED);
	assert_true(b.roll.found);
	fleet_roll_done(&b.roll);
}

/* A slot of an instance before is the own one; with fewer slots by now it is given back. */
static void test_left_over(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1, 0, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "a");
	assert_string_equal(written(&b), "a");
	fleet_roll_done(&b.roll);
	begin(&b, 1, 0, FLEET_ROLL_WAITING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "ab");
	assert_string_equal(written(&b), "b");
	step(&b, FLEET_ROLL_WRITE, FLEET_OK, "", "b");
	assert_int_equal(b.roll.state, FLEET_ROLL_WAITING);
	fleet_roll_done(&b.roll);
}

/* Work that is gone on with has its slot yet, whatever others have; or it waits like any other. */
static void test_check(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1, 3, FLEET_ROLL_CHECKING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_FAILED, "", "");
	assert_int_equal(b.roll.state, FLEET_ROLL_CHECKING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "ba");
	assert_int_equal(b.roll.state, FLEET_ROLL_HELD);
	fleet_roll_done(&b.roll);
	begin(&b, 1, 0, FLEET_ROLL_CHECKING);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "b");
	assert_int_equal(b.roll.state, FLEET_ROLL_WAITING);
	assert_false(b.roll.is_decided);
	step(&b, FLEET_ROLL_READ_SLOTS, FLEET_OK, "", "");
	assert_string_equal(written(&b), "a");
	fleet_roll_done(&b.roll);
}

/* ---- the model ---- */

#define HOSTS     6
#define LIMIT     2
#define IN_FLIGHT 256

/* State of the work that the host stores on its disk, and carries out. */
enum work { WORK_WAITING, WORK_DRAINED, WORK_RELEASING, WORK_DONE };

struct host {
	struct fleet_roll roll;
	enum work work;
	char name[FLEET_NODE_MAX];
	mono_t done_at;
};

struct message {
	bool used;
	mono_t at; /* it reaches Consul */
	size_t host;
	uint64_t id, instance;
	enum fleet_roll_request_kind kind;
	struct fleet_slots slots;
	bool answer_lost;
};

struct world {
	struct fleet_roll_config config;
	struct host hosts[HOSTS];
	uint64_t instances[HOSTS];
	struct message messages[IN_FLIGHT];
	struct fleet_slots slots; /* of Consul */
	struct fleet_up up[HOSTS];
	uint64_t index;
	mono_t now;
	uint32_t random;
	size_t most, works, given_up;
	bool is_calm; /* nothing is lost any more */
};

static bool chance(struct world *w, uint32_t percent)
{
	return !w->is_calm && xorshift32(&w->random) % 100 < percent;
}

static struct fleet_slots copy_slots(const struct fleet_slots *s)
{
	struct fleet_slots copy = *s;
	copy.items = mem_new(s->n + 1, sizeof(*copy.items));
	for (size_t i = 0; i < s->n; i++)
		copy.items[i] = s->items[i];
	return copy;
}

static void start(struct world *w, size_t i, enum fleet_roll_state state, bool late)
{
	struct fleet_slot me = { .since = 1 };
	snprintf(me.node, sizeof(me.node), "%s", w->hosts[i].name);
	fleet_roll_init(&w->hosts[i].roll, &w->config, &me, state, late, xorshift32(&w->random),
			xorshift32(&w->random));
	w->hosts[i].roll.last_id = ++w->instances[i] << 32;
}

static struct fleet_view view_of(const struct world *w, struct fleet_up *up)
{
	struct fleet_view v = { .up = up, .roll = w->slots };
	for (size_t i = 0; i < HOSTS; i++) {
		up[i] = (struct fleet_up){ .session = "s" };
		snprintf(up[i].node, sizeof(up[i].node), "%s", w->hosts[i].name);
		up[i].form = w->hosts[i].work == WORK_DRAINED ? FLEET_DRAINED : FLEET_NORMAL;
	}
	v.n_up = HOSTS;
	return v;
}

static void send_message(struct world *w, size_t host, const struct fleet_roll_request *r)
{
	size_t i = 0;
	while (i < IN_FLIGHT && w->messages[i].used)
		i++;
	if (i == IN_FLIGHT || chance(w, 5)) /* lost on its way */
		return;
	w->messages[i] = (struct message){
		.used = true,
		.at = w->now +
		      (chance(w, 10) ? 20 * SEC : SEC / 10) * (xorshift32(&w->random) % 100) / 100,
		.host = host,
		.id = r->id,
		.instance = w->instances[host],
		.kind = r->kind,
		.answer_lost = chance(w, 10),
	};
	if (r->kind == FLEET_ROLL_WRITE)
		w->messages[i].slots = copy_slots(&r->slots[0]);
}

static void put(struct world *w, const struct fleet_slots *slots)
{
	free(w->slots.items);
	w->slots = copy_slots(slots);
	w->slots.index = ++w->index;
}

static void advance(struct world *w, struct host *h)
{
	if (h->roll.state == FLEET_ROLL_HELD && h->work == WORK_WAITING) {
		h->work = WORK_DRAINED;
		h->done_at = w->now + xorshift32(&w->random) % (20 * SEC);
		w->works++;
	}
	if (h->roll.state == FLEET_ROLL_ENDED)
		h->work = WORK_DONE;
}

static void deliver(struct world *w, struct message *m)
{
	struct fleet_up up[HOSTS];
	struct host *h = &w->hosts[m->host];
	bool fits = m->kind != FLEET_ROLL_WRITE || m->slots.index == w->slots.index;
	if (m->kind == FLEET_ROLL_WRITE && fits)
		put(w, &m->slots);
	struct fleet_view v = view_of(w, up);
	if (!m->answer_lost && m->instance == w->instances[m->host])
		fleet_roll_answer(&h->roll, m->id, fits ? FLEET_OK : FLEET_CONFLICT, &v, 1, w->now);
	free(m->slots.items);
	*m = (struct message){ .used = false };
	advance(w, h);
}

/* The agent begins anew, by what is on the disk. */
static void restart(struct world *w, size_t i)
{
	static const enum fleet_roll_state states[] = { FLEET_ROLL_WAITING, FLEET_ROLL_HELD,
							FLEET_ROLL_RELEASING };
	enum work work = w->hosts[i].work;
	if (work == WORK_DONE)
		return;
	fleet_roll_done(&w->hosts[i].roll);
	start(w, i, states[work], true);
	if (work != WORK_WAITING || !chance(w, 50))
		return;
	w->hosts[i].work = WORK_RELEASING; /* the client is gone, too */
	fleet_roll_release(&w->hosts[i].roll, w->now);
}

static void act(struct world *w, size_t i)
{
	struct host *h = &w->hosts[i];
	bool over = h->work == WORK_DRAINED && w->now >= h->done_at;
	bool gives_up = h->work == WORK_WAITING && chance(w, 1) && chance(w, 20);
	w->given_up += gives_up;
	if (over || gives_up) {
		h->work = WORK_RELEASING;
		fleet_roll_release(&h->roll, w->now);
	}
	if (h->work == WORK_DONE && chance(w, 1)) { /* the next work */
		fleet_roll_done(&h->roll);
		h->work = WORK_WAITING;
		start(w, i, FLEET_ROLL_WAITING, false);
	}
	if (chance(w, 1))
		restart(w, i);
	struct fleet_roll_request r;
	if (fleet_roll_next(&h->roll, w->now, &r))
		send_message(w, i, &r);
}

/* A host whose work has ended has no slot, and gets none late. */
static void check_ended(const struct world *w, size_t i)
{
	for (size_t k = 0; w->hosts[i].work == WORK_DONE && k < w->slots.n; k++)
		assert_string_not_equal(w->slots.items[k].node, w->hosts[i].name);
}

static void check(struct world *w)
{
	size_t drained = 0;
	for (size_t i = 0; i < HOSTS; i++)
		check_ended(w, i);
	for (size_t i = 0; i < HOSTS; i++)
		drained += w->hosts[i].work == WORK_DRAINED;
	assert_true(drained <= LIMIT);
	if (drained > w->most)
		w->most = drained;
}

static void turn(struct world *w)
{
	w->now += SEC / 5;
	for (size_t i = 0; i < IN_FLIGHT; i++)
		if (w->messages[i].used && w->messages[i].at <= w->now)
			deliver(w, &w->messages[i]);
	for (size_t i = 0; i < HOSTS; i++)
		act(w, i);
	check(w);
}

static void finish(struct world *w)
{
	w->is_calm = true;
	for (size_t i = 0; i < 6000; i++)
		turn(w);
	for (size_t i = 0; i < HOSTS; i++) {
		assert_int_equal(w->hosts[i].work, WORK_DONE);
		fleet_roll_done(&w->hosts[i].roll);
	}
	assert_int_equal(w->slots.n, 0);
	free(w->slots.items);
}

/* `min_up` of the guard may leave fewer at once than the limit. */
static void run(uint32_t seed, uint32_t min_up, size_t most)
{
	static struct world w;
	w = (struct world){ .config = config(LIMIT, min_up), .now = SEC, .random = seed };
	w.config.n_vips = 1;
	for (size_t i = 0; i < HOSTS; i++) {
		snprintf(w.hosts[i].name, FLEET_NODE_MAX, "n%zu", i);
		start(&w, i, FLEET_ROLL_WAITING, false);
	}
	for (size_t i = 0; i < 20000; i++)
		turn(&w);
	assert_int_equal(w.most, most);
	assert_true(w.works > 100);
	assert_true(w.given_up > 0);
	finish(&w);
}

static void test_model(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 10; seed++) {
		run(seed, 0, LIMIT);
		run(seed, HOSTS - LIMIT, LIMIT);
		run(seed, HOSTS - LIMIT + 1, LIMIT - 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_slot),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_guard_of_one_that_is_away),
		cmocka_unit_test(test_lost_answer),
		cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
