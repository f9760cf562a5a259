/* SPDX-License-Identifier: MIT */
/* One check of a monitor, as the runner makes it, against servers in the same loop. Include after
 * cmocka.h. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <string.h>

#include "monitors/monitor.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"

#define CHECK_LONG  (3600 * USEC_PER_SEC)
#define CHECK_SHORT (30 * USEC_PER_MSEC)

struct check_option {
	const char *name, *value;
};

struct check {
	struct monitor_env env; /* with a loop */
	struct monitor_spec spec;
	void *running;
	bool is_done;
	enum health health;
	char said[MONITOR_SAID_MAX];
};

static inline void check_on_done(const struct monitor_result *result, void *userdata)
{
	struct check *c = userdata;
	assert_false(c->is_done);
	c->is_done = true;
	c->running = NULL;
	c->health = result->health;
	snprintf(c->said, sizeof(c->said), "%s", result->said);
}

/* `options` ends with a NULL name; NULL: none. What start() refuses is a result as well, as in the
 * runner. */
static inline void check_start(struct check *c, const char *text,
			       const struct check_option *options, span_t timeout)
{
	struct err err = { "" };
	c->is_done = false;
	if (monitor_spec_parse(text, &c->spec, &err) < 0)
		fail_msg("%s", err.text);
	for (; options && options->name; options++)
		if (monitor_spec_set_option(&c->spec, options->name, options->value, &err) < 0)
			fail_msg("%s", err.text);
	int r = c->spec.kind->ops->start(&c->env, &c->spec, timeout, check_on_done, c, &c->running,
					 &err);
	assert_false(c->is_done); /* never from inside start() */
	if (r < 0) {
		struct monitor_result unknown = { .health = HEALTH_UNKNOWN };
		snprintf(unknown.said, sizeof(unknown.said), "%s", err.text);
		check_on_done(&unknown, c);
	}
}

static inline void check_cancel(struct check *c)
{
	if (c->running)
		c->spec.kind->ops->cancel(c->running);
	c->running = NULL;
	monitor_spec_done(&c->spec);
}

/* It says nothing any more. */
static inline void check_expect_cancelled(struct check *c)
{
	check_cancel(c);
	loop_drain(c->env.loop);
	assert_false(c->is_done);
}

static inline void check_run(struct check *c, const char *text, const struct check_option *options,
			     span_t timeout)
{
	check_start(c, text, options, timeout);
	loop_until(c->env.loop, loop_until_true, &c->is_done);
	monitor_spec_done(&c->spec);
}

static inline void check_expect(const struct check *c, enum health health, const char *said)
{
	if (c->health != health || !strstr(c->said, said))
		fail_msg("expected %s '%s', got %s '%s'", health_name(health), said,
			 health_name(c->health), c->said);
}

static inline int check_setup(void **state)
{
	static struct check c;
	c = (struct check){ 0 };
	assert_int_equal(sd_event_new(&c.env.loop), 0);
	*state = &c;
	return 0;
}

static inline int check_teardown(void **state)
{
	struct check *c = *state;
	http_free(c->env.http);
	names_free(c->env.names);
	sd_event_unref(c->env.loop);
	return 0;
}

#endif
