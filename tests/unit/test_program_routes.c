/* SPDX-License-Identifier: MIT */
/* Lines of a program at the registry, with two peers that never come up. */
#include "agent/programs/program_routes.h"

#include <errno.h>
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
	unsigned n_again;
};

static void on_again(void *userdata)
{
	struct bed *b = userdata;
	b->n_again++;
}

static const struct program_owner owner = { .again = on_again };

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
	b.p.owner = &owner;
	b.p.owner_userdata = &b;
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

static int parse(struct bed *b, const char *text, struct program_job *job)
{
	struct err err = { "" };
	*job = (struct program_job){ 0 };
	int rc = line_parse(text, strlen(text), 100, &job->line, &err);
	return rc == 0 ? program_job_begin(&b->p, job, &err) : rc;
}

/* Each prefix of a line counts, in every form of it. */
static void each_prefix_counts_for_max_routes(void **state)
{
	static const char *const lines[] = {
		"announce attributes next-hop self nlri 198.18.0.1 198.18.0.2 198.18.0.3 "
		"198.18.0.4",
		"announce attributes next-hop self nlri 198.18.0.1, 198.18.0.2, 198.18.0.1/32, "
		"198.18.0.3, 198.18.0.4",
		"announce ipv4 unicast next-hop self nlri 198.18.0.4 198.18.0.5 198.18.0.6 "
		"198.18.0.7",
		"announce route 198.18.0.0/29 next-hop self split /32",
		"announce attributes next-hop self split /32 nlri 198.18.0.0/31 198.18.0.8/31",
		"neighbor " A " announce attributes next-hop self nlri 198.18.0.1 198.18.0.2 "
		"198.18.0.3 198.18.0.4",
	};
	struct bed *b = *state;
	b->p.spec.max_routes = 3;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct program_job job;
		struct err err = { "" };
		size_t n_failed = 0;
		assert_int_equal(parse(b, lines[i], &job), 0);
		while (job.next < job.line.n_prefixes)
			n_failed += program_job_next(&b->p, &job, i % 2 == 0, &err) < 0;
		assert_true(n_failed > 0);
		assert_string_equal(err.text, "max_routes is 3; to allow more, raise it");
		program_job_done(&job);
		assert_int_equal(route_table_n(&b->p.routes), 3);
		assert_int_equal(program_app(&b->p)->spec->n_vips, 3);
		program_withdraw_all(&b->p, true);
		assert_int_equal(program_app(&b->p)->spec->n_vips, 0);
	}
}

static void a_lower_limit_withdraws_the_newest(void **state)
{
	struct bed *b = *state;
	b->p.spec.max_routes = 3;
	assert_int_equal(carry_out(b, "announce attributes next-hop self med 5 nlri 198.18.0.1 "
				      "198.18.0.2 198.18.0.3"),
			 0);
	b->p.spec.max_routes = 1;
	program_withdraw_refused(&b->p);
	assert_int_equal(route_table_n(&b->p.routes), 1);
	assert_int_equal(program_app(&b->p)->spec->n_vips, 1);
	assert_int_equal(med_of(b, &one), 5);
}

/* Between two prefixes of a line that takes several turns. */
static void a_reload_in_the_middle_of_a_line(void **state)
{
	struct bed *b = *state;
	struct program_job job;
	struct err err = { "" };
	static struct prefix narrow = PREFIX4(32, 198, 18, 0, 1);
	b->p.spec.max_routes = 10;
	assert_int_equal(
		parse(b, "announce attributes next-hop self nlri 198.18.0.1 198.18.0.2", &job), 0);
	assert_int_equal(program_job_next(&b->p, &job, false, &err), 0);
	b->p.spec.allow = (struct prefix_list){ &narrow, 1 };
	assert_int_equal(program_job_next(&b->p, &job, false, &err), -EACCES);
	program_job_done(&job);
	assert_int_equal(route_table_n(&b->p.routes), 1);
}

/* The app of the configuration goes by a reload: what the program has announced meanwhile is not
 * lost. */
static void a_name_that_becomes_free(void **state)
{
	struct bed *b = *state;
	struct program_job job;
	struct err err = { "" };
	enum register_result result;
	struct prefix vip = PREFIX4(32, 192, 0, 2, 1);
	const struct app_spec taken = {
		.name = (char *)"p", .source = APP_FROM_CONFIG, .vips = &vip, .n_vips = 1
	};
	assert_int_equal(registry_register(b->f.reg, &taken, 1, &result, &err), 0);
	assert_int_equal(parse(b, "announce route 198.18.0.1 next-hop self med 5", &job), 0);
	assert_true(program_job_next(&b->p, &job, false, &err) < 0);
	assert_string_equal(err.text, "the app could not be registered: app 'p' is defined in the "
				      "configuration file, change it there");
	program_job_done(&job);
	assert_int_equal(program_retry(&b->p, 1, 10), 0);
	assert_true(registry_unregister(b->f.reg, "p", 2));
	assert_int_equal(program_retry(&b->p, 2, 10), 1);
	assert_int_equal(med_of(b, &one), 5);
	assert_int_equal(b->n_again, 0);
}

/* By an operator: it stays away until the next line, which brings all of its routes back. */
static void unregistered_until_the_next_line(void **state)
{
	struct bed *b = *state;
	static const struct prefix two = PREFIX4(32, 198, 18, 0, 2);
	b->p.spec.max_routes = 4;
	assert_int_equal(carry_out(b, "announce attributes next-hop self med 5 nlri 198.18.0.2 "
				      "198.18.0.3 198.18.0.4"),
			 0);
	assert_true(registry_unregister(b->f.reg, "p", 2));
	assert_int_equal(program_retry(&b->p, 1, 10), 0);
	assert_null(program_app(&b->p));
	assert_int_equal(carry_out(b, "withdraw route 198.18.0.4"), 0);
	assert_null(program_app(&b->p));
	assert_int_equal(b->n_again, 0);
	assert_int_equal(carry_out(b, "announce route 198.18.0.1 next-hop self med 6"), 0);
	assert_int_equal(b->n_again, 1);
	assert_int_equal(med_of(b, &one), 6);
	assert_int_equal(med_of(b, &two), -1);
	/* In several turns. */
	assert_int_equal(program_retry(&b->p, 2, 1), 1);
	assert_int_equal(program_app(&b->p)->spec->n_vips, 2);
	assert_int_equal(program_retry(&b->p, 2, 5), 1);
	assert_int_equal(program_retry(&b->p, 2, 5), 0);
	assert_int_equal(program_app(&b->p)->spec->n_vips, 3);
	assert_int_equal(med_of(b, &two), 5);
}

/* A route that another app has is tried once a pass, whatever there is room for. */
static void a_route_of_another_app_is_tried_once(void **state)
{
	struct bed *b = *state;
	enum register_result result;
	struct err err = { "" };
	struct prefix vip = one;
	const struct app_spec other = {
		.name = (char *)"web", .source = APP_FROM_CONFIG, .vips = &vip, .n_vips = 1
	};
	assert_int_equal(registry_register(b->f.reg, &other, 1, &result, &err), 0);
	assert_int_equal(carry_out(b, "announce route 198.18.0.1 next-hop self med 5"), -EEXIST);
	assert_int_equal(program_retry(&b->p, 1, 10), 1);
	assert_int_equal(program_retry(&b->p, 1, 10), 0);
	assert_true(registry_unregister(b->f.reg, "web", 2));
	assert_int_equal(program_retry(&b->p, 2, 10), 1);
	assert_int_equal(med_of(b, &one), 5);
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
		cmocka_unit_test_setup_teardown(each_prefix_counts_for_max_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lower_limit_withdraws_the_newest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_reload_in_the_middle_of_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_that_becomes_free, setup, teardown),
		cmocka_unit_test_setup_teardown(unregistered_until_the_next_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_route_of_another_app_is_tried_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_line_again_is_carried_out, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
