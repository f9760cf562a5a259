/* SPDX-License-Identifier: MIT */
/* The series of apps, piece by piece, while other things change. */
#include "agent/status/metrics_of_apps.h"

#include "tests/unit/answer_bed.h"

/* Far more than a piece of the answer has. */
#define APPS 400

static void register_apps(struct agent *a)
{
	char url[64];
	for (int i = 0; i < APPS; i++) {
		snprintf(url, sizeof(url), "/register?name=app%d&vip=198.18.%d.%d/32", i, i / 250,
			 i % 250);
		expect(a, url, 200, "registered");
	}
}

/* Until `until` is there; NULL: the end. */
static size_t read_to(struct stream *s, const char *until, char **text, size_t len)
{
	size_t n = 1, cap = len;
	while (n > 0 && (!until || !*text || !strstr(*text, until))) {
		*text = mem_grow(*text, &cap, len + 513, 1);
		n = stream_read(s, *text + len, 512);
		len += n;
		(*text)[len] = '\0';
	}
	return len;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void test_another_per_app_in_between(void **state)
{
	struct agent *a = *state;
	char *text = NULL;
	struct app_selection *of = &a->config->agent.metrics_of;
	struct err err = { "" };
	register_apps(a);
	struct stream *s = metrics_stream(&a->in, METRIC_PROMETHEUS);
	size_t len = read_to(s, "vipherald_app_up{app=\"app0\"}", &text, 0);
	assert_null(strstr(text, "vipherald_app_up{app=\"app399\"}"));
	assert_int_equal(app_selection_add(of, "app0", &err), 0);
	assert_int_equal(app_selection_add(of, "app1", &err), 0);
	read_to(s, NULL, &text, len);
	assert_int_equal(count(text, "vipherald_app_up{app=\"app0\"}"), 1);
	assert_int_equal(count(text, "vipherald_app_up{"), APPS + 1);
	stream_free(s);
	free(text);
	ask(a, "/metrics");
	assert_int_equal(count(a->text, "vipherald_app_up{"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_another_per_app_in_between) };
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
