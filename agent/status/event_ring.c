/* SPDX-License-Identifier: MIT */
#include "agent/status/event_ring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

struct slot {
	struct event event;
	char *texts; /* of the event, in one piece */
};

struct event_ring {
	size_t capacity;
	uint64_t epoch;
	uint64_t newest;
	struct slot slots[]; /* number n is at n % capacity */
};

struct event_ring *event_ring_new(size_t capacity, uint64_t epoch)
{
	struct event_ring *r = mem_new(1, sizeof(*r) + capacity * sizeof(struct slot)); /* zeroed */
	r->capacity = capacity;
	r->epoch = epoch;
	return r;
}

void event_ring_free(struct event_ring *r)
{
	for (size_t i = 0; r && i < r->capacity; i++)
		free(r->slots[i].texts);
	free(r);
}

static size_t size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static void store(const char **text, char **end)
{
	size_t n = size_of(*text);
	if (n == 0)
		return;
	memcpy(*end, *text, n);
	*text = *end;
	*end += n;
}

void event_ring_add(struct event_ring *r, const struct event *event)
{
	struct slot *slot = &r->slots[++r->newest % r->capacity];
	struct event e = *event;
	size_t size = size_of(e.text);
	for (size_t i = 0; i < LOG_EVENT_FIELDS; i++)
		size += size_of(*log_event_slot(&e.about, i));
	char *texts = mem_new(1, size), *end = texts;
	e.id = r->newest;
	for (size_t i = 0; i < LOG_EVENT_FIELDS; i++)
		store(log_event_slot(&e.about, i), &end);
	store(&e.text, &end);
	free(slot->texts);
	*slot = (struct slot){ e, texts };
}

uint64_t event_ring_epoch(const struct event_ring *r)
{
	return r->epoch;
}

uint64_t event_ring_newest(const struct event_ring *r)
{
	return r->newest;
}

uint64_t event_ring_oldest(const struct event_ring *r)
{
	return r->newest > r->capacity ? r->newest - r->capacity + 1 : 1;
}

/* Marks */

static int parse_epoch(const char *text, size_t len, uint64_t *ret)
{
	char digits[17];
	if (len == 0 || len >= sizeof(digits) || strspn(text, "0123456789abcdef") != len)
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = 0;
	*ret = strtoull(digits, NULL, 16);
	return *ret > 0 ? 0 : -EINVAL;
}

int event_mark_parse(const char *text, struct event_mark *ret)
{
	struct event_mark mark = { 0 };
	const char *dash = strchr(text, '-');
	int rc = dash ? parse_epoch(text, (size_t)(dash - text), &mark.epoch) : 0;
	if (rc == 0)
		rc = str_to_u64(dash ? dash + 1 : text, UINT64_MAX, &mark.id);
	if (rc < 0)
		return -EINVAL;
	*ret = mark;
	return 0;
}

const char *event_mark_format(const struct event_mark *mark, char buf[static EVENT_MARK_TEXT_MAX])
{
	snprintf(buf, EVENT_MARK_TEXT_MAX, "%" PRIx64 "-%" PRIu64, mark->epoch, mark->id);
	return buf;
}

bool event_ring_is_foreign(const struct event_ring *r, const struct event_mark *mark)
{
	return (mark->epoch != 0 && mark->epoch != r->epoch) || mark->id > r->newest;
}

/* Filters */

int event_filter_set_kind(struct event_filter *f, const char *kind)
{
	return str_copy(f->kind, sizeof(f->kind), kind);
}

int event_filter_set_name(struct event_filter *f, const char *name)
{
	struct err err;
	struct prefix vip;
	f->vip[0] = f->peer[0] = 0;
	if (addr_parse(name, &vip.addr) == 0) {
		vip.len = (uint8_t)(addr_size(vip.addr.family) * 8);
		prefix_format(&vip, f->vip);
		addr_format(&vip.addr, f->peer);
	} else if (prefix_parse(name, &vip, &err) == 0) {
		prefix_format(&vip, f->vip);
	}
	return str_copy(f->name, sizeof(f->name), name);
}

static bool is_one_of(const char *subject, const char *name, const char *other)
{
	return subject && (str_equal(subject, name) || (*other && str_equal(subject, other)));
}

static bool is_about(const struct event *e, const struct event_filter *f)
{
	const struct log_event *about = &e->about;
	return is_one_of(about->app, f->name, "") || is_one_of(about->vip, f->name, f->vip) ||
	       is_one_of(about->peer, f->name, f->peer) || is_one_of(about->service, f->name, "") ||
	       is_one_of(about->group, f->name, "") || is_one_of(about->subject, f->name, "");
}

static bool has(const char *in, const char *text)
{
	return in && strcasestr(in, text);
}

static bool has_text(const struct event *e, const char *text)
{
	const struct log_event *about = &e->about;
	return has(about->kind, text) || has(about->app, text) || has(about->vip, text) ||
	       has(about->peer, text) || has(e->text, text);
}

static bool passes(const struct event *e, const struct event_filter *f)
{
	return (!*f->kind || event_kind_matches(e->about.kind, f->kind)) &&
	       (!*f->name || is_about(e, f)) && (!f->text || has_text(e, f->text));
}

const struct event *event_ring_next(const struct event_ring *r, uint64_t after,
				    const struct event_filter *filter)
{
	uint64_t oldest = event_ring_oldest(r);
	if (after >= r->newest)
		return NULL;
	for (uint64_t id = after + 1 > oldest ? after + 1 : oldest; id <= r->newest; id++) {
		const struct event *e = &r->slots[id % r->capacity].event;
		if (passes(e, filter))
			return e;
	}
	return NULL;
}

uint64_t event_ring_skip(const struct event_ring *r, uint64_t after, size_t limit,
			 const struct event_filter *filter)
{
	const struct event *e;
	size_t n = 0;
	for (uint64_t at = after; (e = event_ring_next(r, at, filter)); at = e->id)
		n++;
	for (; n > limit && (e = event_ring_next(r, after, filter)); n--)
		after = e->id;
	return after;
}
