/* SPDX-License-Identifier: MIT */
/*
 * Timers of apps, and the registry under a policy that is always late: policy_decide() is replaced
 * by one whose answer is already due.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/app/registry.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/policy.h"
#include "lib/log.h"
#include "process/loop.h"

#define SEC USEC_PER_SEC

static unsigned n_decisions;

/* In the place of the policy's. */

void policy_decide(const struct policy_input *in, struct policy_output *ret)
{
	n_decisions++;
	*ret = (struct policy_output){
		.want = { .route = ROUTE_DRAIN, .address = ADDRESS_BOUND },
		.due = in->now - SEC,
	};
}

bool policy_group(struct policy_member *members, size_t n, span_t window, mono_t now)
{
	(void)members, (void)n, (void)window, (void)now;
	return false;
}

/* Deadlines */

struct fixture {
	sd_event *loop;
	struct due_queue queue;
	char handled[256];
	struct deadline entries[2 * DUE_PER_TURN];
	size_t n_handled;
	bool set_again;  /* to when it was due */
	mono_t set_next; /* the next entry, to then; 0: do not */
};

static void on_due(enum due_kind kind, struct deadline *entry, mono_t now, void *userdata)
{
	struct fixture *f = userdata;
	size_t len = strlen(f->handled);
	(void)now;
	f->n_handled++;
	snprintf(f->handled + len, sizeof(f->handled) - len, "%d:%zu ", kind,
		 (size_t)(entry - f->entries));
	assert_int_equal(due_at(entry), USEC_NEVER);
	if (f->set_again)
		due_set(&f->queue, kind, entry, entry->due);
	if (f->set_next)
		due_set(&f->queue, kind, entry + 1, f->set_next);
	f->set_next = 0;
}

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){ 0 };
	assert_true(sd_event_new(&f.loop) >= 0);
	due_init(&f.queue, f.loop, on_due, &f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	due_done(&f->queue);
	sd_event_unref(f->loop);
	return 0;
}

static void kinds_come_in_order_and_each_by_its_time(void **state)
{
	struct fixture *f = *state;
	due_set(&f->queue, DUE_DAMPING, &f->entries[0], 1 * SEC);
	due_set(&f->queue, DUE_DRAINED, &f->entries[1], 3 * SEC);
	due_set(&f->queue, DUE_DRAINED, &f->entries[2], 2 * SEC);
	due_set(&f->queue, DUE_UNDRAIN, &f->entries[3], 3 * SEC);
	due_set(&f->queue, DUE_CLEANUP, &f->entries[4], 4 * SEC);
	due_set(&f->queue, DUE_LEASE, &f->entries[5], 3 * SEC);
	due_set(&f->queue, DUE_LEASE, &f->entries[5], USEC_NEVER);
	assert_false(due_tick(&f->queue, 3 * SEC));
	assert_string_equal(f->handled, "0:3 1:2 1:1 4:0 ");
	assert_int_equal(due_at(&f->entries[4]), 4 * SEC);
}

static void a_handler_that_sets_the_past_is_called_once_a_second(void **state)
{
	struct fixture *f = *state;
	f->set_again = true;
	due_set(&f->queue, DUE_DRAINED, &f->entries[0], 2 * SEC);
	assert_false(due_tick(&f->queue, 3 * SEC));
	assert_int_equal(f->n_handled, 1);
	assert_int_equal(due_at(&f->entries[0]), 3 * SEC + DUE_AGAIN);
}

static void a_handler_may_make_another_due_at_once(void **state)
{
	struct fixture *f = *state;
	f->set_next = SEC;
	due_set(&f->queue, DUE_CLEANUP, &f->entries[0], 2 * SEC);
	assert_false(due_tick(&f->queue, 3 * SEC));
	assert_string_equal(f->handled, "2:0 2:1 ");
}

static void the_work_of_a_turn_is_bounded(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < 2 * DUE_PER_TURN; i++)
		due_set(&f->queue, DUE_DRAINED, &f->entries[i], SEC);
	assert_true(due_tick(&f->queue, SEC));
	assert_int_equal(f->n_handled, DUE_PER_TURN);
	assert_false(due_tick(&f->queue, SEC));
	assert_int_equal(f->n_handled, 2 * DUE_PER_TURN);
}

/* The rest of a turn is left to the next one, without a call from outside. */
static void the_timer_goes_on_by_itself(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < 2 * DUE_PER_TURN; i++)
		due_set(&f->queue, DUE_DRAINED, &f->entries[i], SEC);
	while (f->n_handled < 2 * DUE_PER_TURN)
		assert_true(sd_event_run(f->loop, UINT64_MAX) > 0);
}

/* A request that waits in its socket: accepted in one turn, read in the next. */
static int on_request(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)revents;
	struct fixture *f = userdata;
	char c;
	assert_int_equal(read(fd, &c, 1), 1);
	if (c == 'r')
		due_set(&f->queue, DUE_LEASE, &f->entries[0], USEC_NEVER);
	return 0;
}

static void requests_that_wait_are_read_first(void **state)
{
	struct fixture *f = *state;
	sd_event_source *io = NULL;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(write(fds[1], "ar", 2), 2);
	due_set(&f->queue, DUE_LEASE, &f->entries[0], SEC);
	due_set(&f->queue, DUE_DAMPING, &f->entries[1], SEC);
	loop_io_add(f->loop, &io, fds[0], EPOLLIN, LOOP_HTTP, on_request, f);
	while (f->n_handled == 0)
		assert_true(sd_event_run(f->loop, UINT64_MAX) > 0);
	assert_string_equal(f->handled, "4:1 ");
	sd_event_source_disable_unref(io);
	close(fds[0]);
	close(fds[1]);
}

/* The registry */

static int address_op(const struct prefix *vip, struct err *err, void *userdata)
{
	(void)vip, (void)err, (void)userdata;
	return 0;
}

static int address_add(const struct prefix *vip, const struct app_spec *app, struct err *err,
		       void *userdata)
{
	(void)app;
	return address_op(vip, err, userdata);
}

static int nat_op(const struct prefix *vip, const struct nat_spec *nats, size_t n, struct err *err,
		  void *userdata)
{
	(void)nats, (void)n;
	return address_op(vip, err, userdata);
}

static void announce(const struct prefix *vip, const struct bgp_route_attrs *attrs,
		     const struct bgp_peer_filter *peers, void *userdata)
{
	(void)vip, (void)attrs, (void)peers, (void)userdata;
}

static void route_op(const struct prefix *vip, void *userdata)
{
	(void)vip, (void)userdata;
}

static void loop_op(void *userdata)
{
	(void)userdata;
}

static void retry(mono_t when, void *userdata)
{
	(void)when, (void)userdata;
}

static const struct reconcile_ops ops = {
	.address_add = address_add,
	.address_del = address_op,
	.nat_set = nat_op,
	.announce = announce,
	.withdraw = route_op,
	.disown = route_op,
	.await_acks = loop_op,
	.work = loop_op,
	.retry = retry,
};

static void a_policy_that_is_late_does_not_stop_the_loop(void **state)
{
	struct fixture *f = *state;
	const struct runner_config config = { .timing = { .interval = SEC } };
	struct monitor_runner *runner;
	enum register_result result;
	struct app_spec spec = { .source = APP_FROM_CONFIG };
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_int_equal(monitor_runner_new(f->loop, &config, &runner, NULL), 0);
	struct reconcile *reconcile = reconcile_new(&ops, NULL);
	struct registry *reg = registry_new(f->loop, runner, reconcile, 900 * SEC);
	assert_int_equal(app_spec_set_name(&spec, "dns", NULL), 0);
	assert_int_equal(app_spec_add_vip(&spec, "192.0.2.1/32", NULL), 0);
	assert_int_equal(registry_register(reg, &spec, 10 * SEC, &result, NULL), 0);
	n_decisions = 0;
	registry_tick(reg, 11 * SEC);
	assert_int_equal(n_decisions, 1);
	registry_tick(reg, 11 * SEC);
	assert_int_equal(n_decisions, 1);
	registry_tick(reg, 11 * SEC + DUE_AGAIN);
	assert_int_equal(n_decisions, 2);
	app_spec_done(&spec);
	registry_free(reg);
	reconcile_free(reconcile);
	monitor_runner_free(runner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kinds_come_in_order_and_each_by_its_time),
		TEST(a_handler_that_sets_the_past_is_called_once_a_second),
		TEST(a_handler_may_make_another_due_at_once),
		TEST(the_work_of_a_turn_is_bounded),
		TEST(the_timer_goes_on_by_itself),
		TEST(requests_that_wait_are_read_first),
		TEST(a_policy_that_is_late_does_not_stop_the_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
