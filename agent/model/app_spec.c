/* SPDX-License-Identifier: MIT */
#include "agent/model/app_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

const char *app_source_name(enum app_source s)
{
	switch (s) {
	case APP_FROM_CONFIG:
		return "config";
	case APP_FROM_HTTP:
		return "http";
	case APP_FROM_CONSUL:
		return "consul";
	}
	return "unknown";
}

void app_spec_done(struct app_spec *s)
{
	for (size_t i = 0; i < s->n_monitors; i++)
		monitor_spec_done(&s->monitors[i]);
	free(s->name);
	free(s->vips);
	free(s->communities.values);
	free(s->monitors);
	free(s->nats);
	announce_specs_free(s->announce);
	free(s->group);
	free(s->disable_file);
	*s = (struct app_spec){ 0 };
}

/* NULL for nothing, so that the ten thousand apps without NAT cost nothing. */
static void *copy_array(const void *src, size_t n, size_t size)
{
	return n > 0 ? mem_copy(src, n * size) : NULL;
}

void app_spec_copy(struct app_spec *dst, const struct app_spec *src)
{
	*dst = *src;
	dst->name = src->name ? mem_strdup(src->name) : NULL;
	dst->vips = copy_array(src->vips, src->n_vips, sizeof(*src->vips));
	dst->communities.values = copy_array(src->communities.values, src->communities.n,
					     sizeof(*src->communities.values));
	dst->announce = announce_specs_copy(src->announce);
	dst->group = src->group ? mem_strdup(src->group) : NULL;
	dst->disable_file = src->disable_file ? mem_strdup(src->disable_file) : NULL;
	dst->nats = copy_array(src->nats, src->n_nats, sizeof(*src->nats));
	dst->monitors = copy_array(src->monitors, src->n_monitors, sizeof(*src->monitors));
	for (size_t i = 0; i < src->n_monitors; i++)
		monitor_spec_copy(&dst->monitors[i], &src->monitors[i]);
}

/* ---- communities ---- */

static const struct {
	uint32_t value;
	const char *name;
} well_known[] = {
	{ 0xffffff01, "no-export" },           /* RFC 1997 */
	{ 0xffffff02, "no-advertise" },        /* RFC 1997 */
	{ 0xffffff03, "no-export-subconfed" }, /* RFC 1997 */
	{ 0xffff0000, "graceful-shutdown" },   /* RFC 8326 */
};

static int bad_community(const char *text, struct err *err)
{
	return err_set(err, -EINVAL,
		       "'%.80s' is not a community, expected A:B with both 0 to 65535 like "
		       "65000:100, or no-export, no-advertise, no-export-subconfed, "
		       "graceful-shutdown",
		       text);
}

int community_parse(const char *text, uint32_t *ret, struct err *err)
{
	char upper[8];
	uint64_t a, b;
	for (size_t i = 0; i < ARRAY_SIZE(well_known); i++)
		if (str_equal(text, well_known[i].name)) {
			*ret = well_known[i].value;
			return 0;
		}
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	if (!colon || n >= sizeof(upper) || strlen(colon) > sizeof(upper))
		return bad_community(text, err);
	memcpy(upper, text, n);
	upper[n] = 0;
	if (str_to_u64(upper, UINT16_MAX, &a) < 0 || str_to_u64(colon + 1, UINT16_MAX, &b) < 0)
		return bad_community(text, err);
	*ret = (uint32_t)(a << 16 | b);
	return 0;
}

const char *community_format(uint32_t value, char buf[static COMMUNITY_TEXT_MAX])
{
	snprintf(buf, COMMUNITY_TEXT_MAX, "%u:%u", value >> 16 & 0xffff, value & 0xffff);
	return buf;
}

int communities_add(struct bgp_communities *c, const char *text, struct err *err)
{
	uint32_t value = 0;
	int r = community_parse(text, &value, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->n; i++)
		if (c->values[i] == value)
			return 0;
	if (c->n >= BGP_COMMUNITIES_MAX)
		return err_set(err, -EINVAL, "'%.80s' is one too many, at most %d communities fit",
			       text, BGP_COMMUNITIES_MAX);
	c->values = mem_grow_by_one(c->values, c->n, sizeof(*c->values));
	c->values[c->n++] = value;
	return 0;
}

int app_spec_add_community(struct app_spec *s, const char *text, struct err *err)
{
	return communities_add(&s->communities, text, err);
}

/* The piece [start, end) without the blanks around it, cut to `buf`. */
static const char *trimmed(const char *start, const char *end, char *buf, size_t size)
{
	while (start < end && *start == ' ')
		start++;
	while (end > start && end[-1] == ' ')
		end--;
	return str_printable(buf, size, start, (size_t)(end - start));
}

int app_spec_add_communities(struct app_spec *s, const char *list, struct err *err)
{
	char piece[96];
	if (!*list)
		return 0;
	for (const char *start = list, *end;; start = end + 1) {
		end = start + strcspn(start, ",");
		int r = app_spec_add_community(s, trimmed(start, end, piece, sizeof(piece)), err);
		if (r < 0)
			return r;
		if (!*end)
			return 0;
	}
}

/* ---- name ---- */

/* Of a name, which becomes JSON, log lines, metric labels and parts of URLs. */
static int check_name(const char *what, const char *text, struct err *err)
{
	char shown[UTF8_ESCAPED_MAX(APP_NAME_MAX)];
	struct err found;
	if (!*text)
		return err_set(err, -EINVAL, "the %s is empty", what);
	if (strlen(text) > APP_NAME_MAX)
		return err_set(err, -EINVAL, "the %s '%s…' has %zu bytes, at most %d are allowed",
			       what, utf8_escape(shown, 41, text, strlen(text)), strlen(text),
			       APP_NAME_MAX);
	if (utf8_check(text, &found) < 0)
		return err_set(err, -EINVAL, "the %s '%s' holds %s", what,
			       utf8_escape(shown, sizeof(shown), text, strlen(text)), found.text);
	return 0;
}

int app_spec_set_name(struct app_spec *s, const char *text, struct err *err)
{
	int rc = check_name("name", text, err);
	if (rc < 0)
		return rc;
	if (strchr(text, '/') || str_equal(text, ".") || str_equal(text, ".."))
		return err_set(err, -EINVAL,
			       "the name '%s' does not fit into a URL: '/', and '.' or '..' alone, "
			       "are not allowed",
			       text);
	free(s->name);
	s->name = mem_strdup(text);
	return 0;
}

int app_spec_set_group(struct app_spec *s, const char *text, struct err *err)
{
	int rc = check_name("group", text, err);
	if (rc < 0)
		return rc;
	free(s->group);
	s->group = mem_strdup(text);
	return 0;
}

/* ---- VIPs ---- */

/* What no service can be reached at by anycast. A VIP may not even touch one of these. */
#define V4(length, ...)                                                                            \
	{                                                                                          \
		.addr = { AF_INET, { __VA_ARGS__ } }, .len = (length)                              \
	}
#define V6(length, ...)                                                                            \
	{                                                                                          \
		.addr = { AF_INET6, { __VA_ARGS__ } }, .len = (length)                             \
	}
static const struct {
	struct prefix prefix;
	const char *what;
} never_vips[] = {
	{ V4(32, 0), "the unspecified address" },
	{ V4(8, 127), "loopback" },
	{ V4(16, 169, 254), "link-local" },
	{ V4(4, 224), "multicast" },
	{ V4(32, 255, 255, 255, 255), "broadcast" },
	{ V6(128, 0), "the unspecified address" },
	{ V6(128, [15] = 1), "loopback" },
	{ V6(96, [10] = 0xff, [11] = 0xff), "mapped IPv4" },
	{ V6(10, 0xfe, 0x80), "link-local" },
	{ V6(8, 0xff), "multicast" },
};

static const char *reason_never(const struct prefix *vip)
{
	for (size_t i = 0; i < ARRAY_SIZE(never_vips); i++) {
		const struct prefix *p = &never_vips[i].prefix;
		if (prefix_contains(p, &vip->addr) || prefix_contains(vip, &p->addr))
			return never_vips[i].what;
	}
	return NULL;
}

int app_spec_add_vip(struct app_spec *s, const char *text, struct err *err)
{
	struct prefix vip = { 0 };
	int r = prefix_parse(text, &vip, err);
	if (r < 0)
		return r;
	if (vip.len == 0)
		return err_set(err, -EINVAL,
			       "'%s' is the default route, not a VIP; expected the service's "
			       "address like 192.0.2.53/32 or 2001:db8::53/128",
			       text);
	const char *why = reason_never(&vip);
	if (why)
		return err_set(err, -EINVAL, "'%s' cannot be a VIP: it is or covers %s", text, why);
	if (s->n_vips >= APP_VIPS_MAX)
		return err_set(err, -EINVAL, "'%s' is one too many, an app has at most %d VIPs",
			       text, APP_VIPS_MAX);
	s->vips = mem_grow_by_one(s->vips, s->n_vips, sizeof(*s->vips));
	s->vips[s->n_vips++] = vip;
	return 0;
}

/* ---- monitors and NAT ---- */

int app_spec_adopt_monitor(struct app_spec *s, struct monitor_spec *m, struct err *err)
{
	int r = 0;
	for (size_t i = 0; i < s->n_monitors; i++)
		if (monitor_spec_equal(&s->monitors[i], m)) {
			monitor_spec_done(m); /* the same check twice says nothing more */
			return 0;
		}
	if (s->n_monitors >= APP_MONITORS_MAX) {
		r = err_set(err, -EINVAL, "'%.80s' is one too many, an app has at most %d monitors",
			    m->text, APP_MONITORS_MAX);
		monitor_spec_done(m);
		return r;
	}
	s->monitors = mem_grow_by_one(s->monitors, s->n_monitors, sizeof(*s->monitors));
	s->monitors[s->n_monitors++] = *m;
	return 0;
}

int app_spec_add_monitor(struct app_spec *s, const char *text, struct err *err)
{
	struct monitor_spec m = { 0 };
	int r = monitor_spec_parse(text, &m, err);
	return r < 0 ? r : app_spec_adopt_monitor(s, &m, err);
}

int app_spec_set_quorum(struct app_spec *s, const char *text, struct err *err)
{
	uint64_t n = 0;
	bool word = str_equal(text, "all") || str_equal(text, "any");
	if (!word && (str_to_u64(text, APP_MONITORS_MAX, &n) < 0 || n == 0))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a quorum, expected all, any or 1 to %d", text,
			       APP_MONITORS_MAX);
	s->quorum = str_equal(text, "any") ? 1 : (uint16_t)n;
	return 0;
}

static int parse_port(const char *text, uint16_t *ret)
{
	uint64_t port;
	if (str_to_u64(text, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static int parse_nat(const char *text, struct nat_spec *ret)
{
	char buf[32];
	if (str_copy(buf, sizeof(buf), text) < 0)
		return -EINVAL;
	char *listen = strchr(buf, ':');
	if (!listen)
		return -EINVAL;
	*listen++ = 0;
	char *dest = strchr(listen, ':');
	if (dest)
		*dest++ = 0;
	if (str_equal(buf, "tcp"))
		ret->proto = IPPROTO_TCP;
	else if (str_equal(buf, "udp"))
		ret->proto = IPPROTO_UDP;
	else
		return -EINVAL;
	if (parse_port(listen, &ret->listen) < 0)
		return -EINVAL;
	return parse_port(dest ? dest : listen, &ret->dest);
}

int app_spec_add_nat(struct app_spec *s, const char *text, struct err *err)
{
	struct nat_spec nat = { 0 };
	if (parse_nat(text, &nat) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a NAT mapping, expected PROTO:LISTEN:DEST or "
			       "PROTO:PORT with tcp or udp and ports 1 to 65535, like tcp:53:8053",
			       text);
	for (size_t i = 0; i < s->n_nats; i++) {
		const struct nat_spec *old = &s->nats[i];
		if (old->proto != nat.proto || old->listen != nat.listen)
			continue;
		if (old->dest == nat.dest)
			return 0;
		return err_set(err, -EINVAL, "'%s': port %u is already sent to %u", text,
			       nat.listen, old->dest);
	}
	if (s->n_nats >= APP_NATS_MAX)
		return err_set(err, -EINVAL,
			       "'%s' is one too many, an app has at most %d NAT mappings", text,
			       APP_NATS_MAX);
	s->nats = mem_grow_by_one(s->nats, s->n_nats, sizeof(*s->nats));
	s->nats[s->n_nats++] = nat;
	return 0;
}

/* ---- the lease ---- */

int app_spec_set_lease(struct app_spec *s, const char *text, struct err *err)
{
	char max[DURATION_TEXT_MAX];
	span_t span = 0;
	if (s->lease)
		return err_set(err, -EINVAL, "ttl is given twice, '%.80s' is the second", text);
	int r = duration_parse(text, &span, err);
	if (r < 0)
		return err_prefix(err, r, "ttl: ");
	if (span < APP_LEASE_MIN || span > APP_LEASE_MAX)
		return err_set(err, -EINVAL,
			       "ttl '%.80s' is out of range, expected 1s to %s; leave it out for "
			       "an app that stays until it is unregistered",
			       text, duration_format(APP_LEASE_MAX, max));
	s->lease = span;
	return 0;
}

/* ---- the whole ---- */

struct announce_specs *app_spec_announce(struct app_spec *s)
{
	if (!s->announce)
		s->announce = announce_specs_new();
	return s->announce;
}

int app_spec_check(const struct app_spec *s, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	if (!s->name)
		return err_set(err, -EINVAL, "the name is missing");
	if (s->n_vips == 0)
		return err_set(err, -EINVAL, "the vip is missing, expected one like 192.0.2.53/32");
	for (size_t i = 0; i < s->n_vips; i++)
		for (size_t j = 0; j < i; j++)
			if (prefix_equal(&s->vips[i], &s->vips[j]))
				return err_set(err, -EINVAL, "vip '%s' is given twice",
					       prefix_format(&s->vips[i], text));
	if (s->quorum > s->n_monitors)
		return err_set(err, -EINVAL, "quorum %u of %zu monitors cannot be reached",
			       s->quorum, s->n_monitors);
	return 0;
}

bool app_spec_checks_own_vip(const struct app_spec *s)
{
	struct addr target;
	for (size_t i = 0; i < s->n_monitors; i++)
		for (size_t j = 0; monitor_spec_target(&s->monitors[i], &target) && j < s->n_vips;
		     j++)
			if (prefix_contains(&s->vips[j], &target))
				return true;
	return false;
}

typedef bool equal_fn(const void *a, const void *b);

static bool vips_equal(const void *a, const void *b)
{
	return prefix_equal(a, b);
}

static bool monitors_equal(const void *a, const void *b)
{
	return monitor_spec_equal(a, b);
}

static bool nat_equal(const void *a, const void *b)
{
	const struct nat_spec *x = a, *y = b;
	return x->proto == y->proto && x->listen == y->listen && x->dest == y->dest;
}

/*
 * Whether every element of `a` is in `b`. Nothing is in either of them twice, so equal counts make
 * that equality. Who registers again does so in the same order: the search starts where the
 * element stood in `a`, and usually ends there.
 */
static bool all_in(const void *a, const void *b, size_t n, size_t size, equal_fn *equal)
{
	for (size_t i = 0; i < n; i++) {
		const char *want = (const char *)a + i * size;
		size_t tries = 0;
		while (tries < n && !equal(want, (const char *)b + (i + tries) % n * size))
			tries++;
		if (tries == n)
			return false;
	}
	return true;
}

bool app_spec_nats_equal(const struct app_spec *a, const struct app_spec *b)
{
	return a->n_nats == b->n_nats &&
	       all_in(a->nats, b->nats, a->n_nats, sizeof(*a->nats), nat_equal);
}

static bool texts_equal(const char *a, const char *b)
{
	return !a == !b && (!a || str_equal(a, b));
}

bool app_spec_equal(const struct app_spec *a, const struct app_spec *b)
{
	if (a->n_vips != b->n_vips || a->n_monitors != b->n_monitors)
		return false;
	if (a->quorum != b->quorum || a->hold_down != b->hold_down ||
	    a->hold_down_max != b->hold_down_max)
		return false;
	if (!texts_equal(a->name, b->name) || !texts_equal(a->group, b->group) ||
	    !texts_equal(a->disable_file, b->disable_file) || a->keep_last != b->keep_last ||
	    !announce_specs_equal(a->announce, b->announce))
		return false;
	return communities_equal(&a->communities, &b->communities) &&
	       all_in(a->vips, b->vips, a->n_vips, sizeof(*a->vips), vips_equal) &&
	       all_in(a->monitors, b->monitors, a->n_monitors, sizeof(*a->monitors),
		      monitors_equal) &&
	       app_spec_nats_equal(a, b);
}
