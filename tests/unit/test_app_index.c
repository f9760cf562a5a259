/* SPDX-License-Identifier: MIT */
/* Apps by name and by VIP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "agent/config/app_index.h"

#define APPS 3
#define VIPS 2

struct bed {
	struct app_spec apps[APPS];
	struct prefix vips[APPS][VIPS];
	char names[APPS][8];
	struct config config;
};

static struct prefix vip(unsigned char last)
{
	return (struct prefix){ .addr = { AF_INET, { 192, 0, 2, last } }, .len = 32 };
}

static void make(struct bed *t)
{
	*t = (struct bed){ .config = { .apps = t->apps, .n_apps = APPS } };
	for (unsigned char i = 0; i < APPS; i++) {
		snprintf(t->names[i], sizeof(t->names[i]), "app%d", i);
		for (unsigned char j = 0; j < VIPS; j++)
			t->vips[i][j] = vip((unsigned char)(10 * i + j));
		t->apps[i].name = t->names[i];
		t->apps[i].vips = t->vips[i];
		t->apps[i].n_vips = VIPS;
	}
}

static void each_is_found_by_its_name(void **state)
{
	(void)state;
	struct bed t;
	struct app_index index = { 0 };
	make(&t);
	app_index_make(&index, &t.config);
	app_index_make(&index, &t.config); /* once is enough */
	for (size_t i = 0; i < APPS; i++)
		assert_ptr_equal(app_index_find(&index, t.names[i]), &t.apps[i]);
	assert_null(app_index_find(&index, "app"));
	app_index_done(&index);
	assert_null(app_index_find(&index, t.names[0]));
}

static void each_is_found_by_each_of_its_vips(void **state)
{
	(void)state;
	struct bed t;
	struct vip_index index = { 0 };
	make(&t);
	vip_index_make(&index, &t.config);
	vip_index_make(&index, &t.config);
	for (size_t i = 0; i < APPS; i++)
		for (size_t j = 0; j < VIPS; j++) {
			assert_ptr_equal(vip_index_find(&index, &t.vips[i][j]), &t.apps[i]);
			assert_true(config_has_vip(&t.config, &t.vips[i][j]));
		}
	const struct prefix other = vip(99);
	assert_null(vip_index_find(&index, &other));
	assert_false(config_has_vip(&t.config, &other));
	vip_index_done(&index);
	assert_null(vip_index_find(&index, &t.vips[0][0]));
}

static void an_empty_configuration_has_none(void **state)
{
	(void)state;
	struct config config = { 0 };
	struct app_index apps = { 0 };
	struct vip_index vips = { 0 };
	const struct prefix any = vip(1);
	app_index_make(&apps, &config);
	vip_index_make(&vips, &config);
	assert_null(app_index_find(&apps, "dns"));
	assert_null(vip_index_find(&vips, &any));
	app_index_done(&apps);
	vip_index_done(&vips);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_by_its_name),
		cmocka_unit_test(each_is_found_by_each_of_its_vips),
		cmocka_unit_test(an_empty_configuration_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
