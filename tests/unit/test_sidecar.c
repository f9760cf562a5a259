/* SPDX-License-Identifier: MIT */
/* Which services are apps, by their tags and those of the service that they stand for. */
#include "agent/discovery/sidecar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

#define MATCH "enable_gocast"
#define VIP1  "gocast_vip=192.0.2.1/32"
#define VIP2  "gocast_vip=192.0.2.2/32"

#define TAGS_MAX 4

static struct consul_service with_tags(const char *const *tags, const char *proxied)
{
	struct consul_service s = { .name = (char *)"web-sidecar-proxy",
				    .tags = tags[0] ? (char **)tags : NULL,
				    .proxied = (char *)proxied };
	while (tags[s.n_tags])
		s.n_tags++;
	return s;
}

static const struct {
	const char *name;
	const char *const service[TAGS_MAX], *const proxy[TAGS_MAX];
	bool is_app;
} cases[] = {
	{ "inherited", { MATCH, VIP1 }, { MATCH, VIP1 }, false },
	{ "inherited, in another order", { MATCH, VIP1, VIP2 }, { VIP2, MATCH, VIP1 }, false },
	{ "a VIP of its own", { MATCH, VIP1 }, { MATCH, VIP2 }, true },
	{ "one more", { MATCH, VIP1 }, { MATCH, VIP1, VIP2 }, true },
	{ "one less", { MATCH, VIP1, VIP2 }, { MATCH, VIP1 }, true },
	{ "the service has none", { MATCH }, { MATCH, VIP1 }, true },
	{ "other tags differ", { MATCH, VIP1, "a" }, { MATCH, VIP1, "b" }, false },
	{ "inherited, the VIP stands first", { VIP1, MATCH }, { VIP1, MATCH }, false },
	{ "a VIP of its own stands first", { VIP1, MATCH }, { VIP2, MATCH }, true },
	{ "one more stands first", { VIP1, MATCH }, { VIP2, VIP1, MATCH }, true },
	{ "no VIP", { MATCH, VIP1 }, { MATCH }, false },
	{ "no match tag", { MATCH, VIP1 }, { NULL }, false },
};

static void test_proxies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct consul_service service = with_tags(cases[i].service, NULL);
		struct consul_entry entry = { .name = (char *)"web",
					      .instances = &service,
					      .n = 1 };
		struct consul_catalog c = { 0 };
		HASH_ADD_KEYPTR(hh, c.entries, entry.name, strlen(entry.name), &entry);
		const struct consul_service proxy = with_tags(cases[i].proxy, "web");
		for (int known = 0; known < 2; known++)
			if (sidecar_is_app(&c, &proxy, known) != cases[i].is_app)
				fail_msg("%s", cases[i].name);
		HASH_CLEAR(hh, c.entries);
	}
}

/* The tags of any instance may be the ones that it inherited. */
static void test_a_service_with_instances(void **state)
{
	(void)state;
	static const char *const first[] = { MATCH, VIP1, NULL }, *const second[] = { MATCH, VIP2,
										      NULL };
	static const char *const both[] = { MATCH, VIP1, VIP2, NULL };
	struct consul_service instances[] = { with_tags(first, NULL), with_tags(second, NULL) };
	struct consul_entry entry = { .name = (char *)"web", .instances = instances, .n = 2 };
	struct consul_catalog c = { 0 };
	HASH_ADD_KEYPTR(hh, c.entries, entry.name, strlen(entry.name), &entry);
	const struct consul_service like_first = with_tags(first, "web");
	const struct consul_service like_second = with_tags(second, "web");
	const struct consul_service other = with_tags(both, "web");
	assert_false(sidecar_is_app(&c, &like_first, true));
	assert_false(sidecar_is_app(&c, &like_second, true));
	assert_true(sidecar_is_app(&c, &other, false));
	HASH_CLEAR(hh, c.entries);
}

/* Nothing to compare with: it stays what it was. */
static void test_the_service_is_not_registered(void **state)
{
	(void)state;
	static const char *const tags[] = { MATCH, VIP1, NULL };
	const struct consul_catalog c = { 0 };
	const struct consul_service proxy = with_tags(tags, "web");
	assert_true(sidecar_is_app(&c, &proxy, true));
	assert_false(sidecar_is_app(&c, &proxy, false));
}

static void test_no_proxy(void **state)
{
	(void)state;
	static const char *const tags[] = { MATCH, NULL }, *const none[] = { NULL };
	const struct consul_catalog c = { 0 };
	const struct consul_service with = with_tags(tags, NULL), without = with_tags(none, NULL);
	assert_true(sidecar_is_app(&c, &with, false));
	assert_false(sidecar_is_app(&c, &without, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_a_service_with_instances),
		cmocka_unit_test(test_the_service_is_not_registered),
		cmocka_unit_test(test_no_proxy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
