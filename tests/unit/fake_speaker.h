/* SPDX-License-Identifier: MIT */
/*
 * A speaker that records its calls, in the place of bgp/speaker. For a program whose
 * other modules need no more of it than these functions. Include after cmocka.h, once.
 */
#ifndef TESTS_UNIT_FAKE_SPEAKER_H
#define TESTS_UNIT_FAKE_SPEAKER_H

#include <stdio.h>

#include "bgp/speaker.h"
#include "lib/str.h"

struct bgp_speaker {
	char did[1024];
	struct strbuf log;
	bgp_flushed_cb *flushed; /* NULL: no wait is in progress */
	void *userdata;
	mono_t deadline;
};

static inline void fake_speaker_init(struct bgp_speaker *s)
{
	*s = (struct bgp_speaker){ 0 };
	s->log = strbuf_over(s->did, sizeof(s->did));
}

/* The calls since the last check. */
static inline void fake_speaker_expect(struct bgp_speaker *s, const char *did)
{
	assert_string_equal(s->did, did);
	s->did[0] = 0;
	s->log = strbuf_over(s->did, sizeof(s->did));
}

static inline void fake_speaker_flushed(struct bgp_speaker *s, bool complete)
{
	bgp_flushed_cb *flushed = s->flushed;
	assert_non_null(flushed);
	flushed(complete, s->userdata);
}

static inline void fake_speaker_note(struct bgp_speaker *s, const char *what,
				     const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];
	strbuf_add(&s->log, "%s %s\n", what, prefix_format(prefix, text));
}

void bgp_speaker_announce(struct bgp_speaker *s, const struct bgp_route *route)
{
	fake_speaker_note(s, "announce", &route->prefix);
}

void bgp_speaker_withdraw(struct bgp_speaker *s, const struct prefix *prefix, const char *why)
{
	(void)why;
	fake_speaker_note(s, "withdraw", prefix);
}

void bgp_speaker_disown(struct bgp_speaker *s, const struct prefix *prefix)
{
	fake_speaker_note(s, "disown", prefix);
}

struct bgp_flush *bgp_speaker_flush(struct bgp_speaker *s, mono_t deadline, bgp_flushed_cb *done,
				    void *userdata)
{
	strbuf_add(&s->log, "flush\n");
	s->flushed = done;
	s->userdata = userdata;
	s->deadline = deadline;
	return (struct bgp_flush *)(void *)s;
}

void bgp_flush_free(struct bgp_flush *f)
{
	if (f)
		((struct bgp_speaker *)(void *)f)->flushed = NULL;
}

#endif
