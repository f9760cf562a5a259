/* SPDX-License-Identifier: MIT */
/* Lines of a program at the registry, with two peers that never come up. */
#include "agent/programs/program_routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/app/routes.h"
#include "lib/array.h"
#include "tests/unit/fake_registry.h"

#define A "10.0.0.1"
#define B "10.0.0.2"

static const struct prefix one = PREFIX4(32, 198, 18, 0, 1);

struct bed {
	struct fake_registry f;
	struct bgp_speaker *speaker;
	struct bgp_config bgp;
	struct programs_env env;
	struct program p;
};

static int setup(void **state)
{
	static struct bed b;
	static const struct bgp_speaker_ops ops = { 0 };
	static const struct bgp_peer_config peers[] = {
		{ .addr = { AF_INET, { 10, 0, 0, 1 } }, .peer_as = 65000, .port = 179 },
		{ .addr = { AF_INET, { 10, 0, 0, 2 } }, .peer_as = 65000, .port = 179 },
	};
	static struct prefix allowed[] = { PREFIX4(24, 198, 18, 0, 0) };
	static const struct bgp_config bgp = { .local_as = 65001,
					       .router_id = 0x0a000009,
					       .peers = peers,
					       .n_peers = ARRAY_SIZE(peers) };
	sd_event *loop;
	b = (struct bed){ .bgp = bgp };
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&b.f, loop);
	assert_int_equal(bgp_speaker_new(loop, &b.bgp, &ops, NULL, &b.speaker, NULL), 0);
	b.env = (struct programs_env){
		.loop = loop, .registry = b.f.reg, .speaker = b.speaker, .bgp = &b.bgp
	};
	b.p.env = &b.env;
	b.p.spec = (struct program_spec){ .name = (char *)"p",
					  .allow = { allowed, 1 },
					  .max_routes = 1 };
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	sd_event *loop = b->f.loop;
	route_table_done(&b->p.routes);
	fake_registry_done(&b->f);
	bgp_speaker_free(b->speaker);
	sd_event_unref(loop);
	return 0;
}

static int carry_out(struct bed *b, const char *text)
{
	struct err err = { "" };
	struct program_job job = { 0 };
	int rc = line_parse(text, strlen(text), 100, &job.line, &err);
	if (rc == 0)
		rc = program_job_begin(&b->p, &job, &err);
	while (rc == 0 && job.next < job.line.n_prefixes)
		rc = program_job_next(&b->p, &job, false, &err);
	program_job_done(&job);
	return rc;
}

/* The MED of its route; -1: it is not announced. */
static int med_of(const struct bed *b, const struct prefix *prefix)
{
	const struct vip *v = vip_find(b->f.reconcile, prefix);
	return v && v->announced ? (int)v->route->med.value : -1;
}

/* It would count for max_routes, and go to a peer that comes later. */
static void withdrawn_from_each_peer_is_gone(void **state)
{
	struct bed *b = *state;
	assert_int_equal(carry_out(b, "announce route 198.18.0.1 next-hop self med 5"), 0);
	assert_int_equal(carry_out(b, "neighbor " A " withdraw route 198.18.0.1"), 0);
	assert_int_equal(route_table_n(&b->p.routes), 1);
	assert_int_equal(med_of(b, &one), 5);
	assert_true(carry_out(b, "announce route 198.18.0.2 next-hop self") < 0);
	assert_int_equal(carry_out(b, "neighbor " B " withdraw route 198.18.0.1"), 0);
	assert_int_equal(route_table_n(&b->p.routes), 0);
	assert_int_equal(med_of(b, &one), -1);
	assert_int_equal(carry_out(b, "announce route 198.18.0.2 next-hop self"), 0);
}

/* A line whose route the registry did not take is carried out when it comes again. */
static void a_line_again_is_carried_out(void **state)
{
	struct bed *b = *state;
	struct route_spec *other = route_spec_new();
	struct app *app;
	assert_int_equal(carry_out(b, "announce route 198.18.0.1 next-hop self med 5"), 0);
	app = program_app(&b->p);
	assert_int_equal(routes_set(app, &one, other, 1, NULL), 0);
	route_spec_unref(other);
	assert_int_equal(med_of(b, &one), 0);
	assert_int_equal(carry_out(b, "announce route 198.18.0.1 next-hop self med 5"), 0);
	assert_int_equal(med_of(b, &one), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(withdrawn_from_each_peer_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_again_is_carried_out, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
