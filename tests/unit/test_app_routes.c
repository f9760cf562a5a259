/* SPDX-License-Identifier: MIT */
/* The routes of a program in the registry: VIPs that come, change and go one by one. */
#include "agent/app/routes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/log.h"
#include "tests/unit/fake_registry.h"

#define SEC USEC_PER_SEC

static const struct prefix one = PREFIX4(32, 198, 18, 0, 1), two = PREFIX4(32, 198, 18, 0, 2);

static int setup(void **state)
{
	static struct fake_registry f;
	sd_event *loop;
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&f, loop);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fake_registry *f = *state;
	sd_event *loop = f->loop;
	fake_registry_done(f);
	sd_event_unref(loop);
	return 0;
}

static struct app *add(struct fake_registry *f, const char *name, enum app_source source,
		       const struct prefix *vip)
{
	struct err err = { "" };
	enum register_result result;
	struct prefix copy = vip ? *vip : (struct prefix){ 0 };
	const struct app_spec spec = { .name = (char *)name,
				       .source = source,
				       .vips = vip ? &copy : NULL,
				       .n_vips = vip ? 1 : 0 };
	if (registry_register(f->reg, &spec, SEC, &result, &err) < 0)
		fail_msg("%s", err.text);
	return app_get(f->reg, name);
}

static struct route_spec *with_med(uint32_t med)
{
	struct route_spec *s = route_spec_new();
	s->med = (struct bgp_number){ true, med };
	return s;
}

static int set(struct app *app, const struct prefix *vip, uint32_t med, struct err *err)
{
	struct route_spec *s = with_med(med);
	int rc = routes_set(app, vip, s, SEC, err);
	route_spec_unref(s);
	return rc;
}

static uint32_t med_of(const struct fake_registry *f, const struct prefix *vip)
{
	struct announce_room room;
	struct bgp_route_attrs attrs;
	const struct vip *v = vip_find(f->reconcile, vip);
	vip_attrs(v, ROUTE_UP, &room, &attrs);
	return attrs.has_med ? attrs.med : UINT32_MAX;
}

static uint64_t announcements(const struct fake_registry *f)
{
	return reconcile_counts(f->reconcile).announcements;
}

static void routes_come_change_and_go(void **state)
{
	struct fake_registry *f = *state;
	struct app *app = add(f, "p", APP_FROM_PROCESS, NULL);
	assert_int_equal(app->health, HEALTH_UP);
	assert_int_equal(set(app, &one, 5, NULL), 0);
	assert_int_equal(set(app, &two, 6, NULL), 0);
	assert_int_equal(app->spec->n_vips, 2);
	assert_true(vip_find(f->reconcile, &one)->announced);
	assert_int_equal(med_of(f, &one), 5);
	uint64_t before = announcements(f);
	assert_int_equal(set(app, &one, 5, NULL), 0);
	assert_int_equal(announcements(f), before); /* the same again */
	assert_int_equal(set(app, &one, 7, NULL), 0);
	assert_int_equal(announcements(f), before + 1);
	assert_int_equal(med_of(f, &one), 7);
	assert_true(routes_drop(app, &one, SEC));
	assert_false(routes_drop(app, &one, SEC));
	assert_false(routes_has(app, &one));
	assert_true(routes_has(app, &two));
	assert_int_equal(app->spec->n_vips, 1);
	registry_unregister(f->reg, "p", SEC);
	assert_null(registry_owner(f->reg, &two));
}

/* An app that takes over the VIP announces it with its own attributes. */
static void the_file_comes_first_and_http_last(void **state)
{
	struct fake_registry *f = *state;
	struct err err = { "" };
	struct app *app = add(f, "p", APP_FROM_PROCESS, NULL);
	add(f, "web", APP_FROM_HTTP, &one);
	assert_int_equal(set(app, &one, 5, &err), 0);
	assert_null(registry_find(f->reg, "web"));
	assert_int_equal(set(app, &two, 6, &err), 0);
	struct app *file = add(f, "file", APP_FROM_CONFIG, &one);
	assert_ptr_equal(registry_owner(f->reg, &one), file);
	assert_int_equal(app->spec->n_vips, 1);
	assert_int_equal(med_of(f, &one), UINT32_MAX);
	assert_int_equal(set(app, &one, 5, &err), -EEXIST);
	assert_non_null(strstr(err.text, "'file'"));
	struct app *other = add(f, "q", APP_FROM_PROCESS, NULL);
	assert_int_equal(set(other, &two, 5, &err), -EEXIST);
	enum register_result result;
	const struct app_spec same = { .name = (char *)"p", .source = APP_FROM_HTTP };
	assert_int_equal(registry_register(f->reg, &same, SEC, &result, &err), -EBUSY);
	assert_non_null(strstr(err.text, "process of the configuration file"));
}

static void another_bind(void **state)
{
	struct fake_registry *f = *state;
	struct app *app = add(f, "p", APP_FROM_PROCESS, NULL);
	assert_int_equal(set(app, &one, 5, NULL), 0);
	assert_true(vip_find(f->reconcile, &one)->bound);
	routes_set_bind(app, BIND_NONE);
	assert_false(
		vip_find(f->reconcile, &one)->bound); /* the next step binds it the other way */
	assert_true(vip_find(f->reconcile, &one)->announced);
	assert_int_equal(app_spec_bind(app->spec), BIND_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(routes_come_change_and_go),
		TEST(the_file_comes_first_and_http_last),
		TEST(another_bind),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
