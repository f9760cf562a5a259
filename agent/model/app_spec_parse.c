/* SPDX-License-Identifier: MIT */
#include "agent/model/app_spec_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

/* ---- name ---- */

/* Names stand in JSON, log lines, metric labels and URLs. */
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
			       "the name '%s' cannot stand in a URL: it must not contain '/' or be "
			       "'.' or '..'",
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

/* Addresses that cannot be anycast. A VIP must not overlap any of these. */
static const struct {
	struct prefix prefix;
	const char *what;
} never_vips[] = {
	{ PREFIX4(32, 0), "the unspecified address" },
	{ PREFIX4(8, 127), "loopback addresses" },
	{ PREFIX4(16, 169, 254), "link-local addresses" },
	{ PREFIX4(4, 224), "multicast addresses" },
	{ PREFIX4(32, 255, 255, 255, 255), "the broadcast address" },
	{ PREFIX6(128, 0), "the unspecified address" },
	{ PREFIX6(128, [15] = 1), "loopback addresses" },
	{ PREFIX6(96, [10] = 0xff, [11] = 0xff), "IPv4-mapped addresses" },
	{ PREFIX6(10, 0xfe, 0x80), "link-local addresses" },
	{ PREFIX6(8, 0xff), "multicast addresses" },
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
		return err_set(err, -EINVAL, "'%s' cannot be a VIP: it covers %s", text, why);
	if (s->n_vips >= APP_VIPS_MAX)
		return err_set(err, -EINVAL, "'%s' exceeds the limit of %d VIPs per app", text,
			       APP_VIPS_MAX);
	s->vips = mem_grow_by_one(s->vips, s->n_vips, sizeof(*s->vips));
	s->vips[s->n_vips++] = vip;
	return 0;
}

/* ---- communities ---- */

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

/* ---- peers ---- */

static int add_peer(struct bgp_peer_refs *refs, const char *text, const char *key, struct err *err)
{
	char shown[UTF8_ESCAPED_MAX(BGP_PEER_NAME_TEXT_MAX)];
	struct err found;
	if (!*text)
		return err_set(err, -EINVAL,
			       "%s names no peer, expected an address, an interface or the "
			       "description of a peer",
			       key);
	if (strlen(text) > BGP_PEER_NAME_TEXT_MAX)
		return err_set(err, -EINVAL, "%s: '%s…' has %zu bytes, at most %d are allowed", key,
			       utf8_escape(shown, 41, text, strlen(text)), strlen(text),
			       BGP_PEER_NAME_TEXT_MAX);
	if (utf8_check(text, &found) < 0)
		return err_set(err, -EINVAL, "%s: '%s' holds %s", key,
			       utf8_escape(shown, sizeof(shown), text, strlen(text)), found.text);
	if (refs->n >= APP_PEERS_MAX)
		return err_set(err, -EINVAL, "%s: '%s' exceeds the limit of %d peers", key, text,
			       APP_PEERS_MAX);
	bgp_peer_refs_add(refs, text);
	return 0;
}

/* A name is cut at APP_NAME_MAX, above what is accepted. */
static int add_peers(struct bgp_peer_refs *refs, const char *list, const char *key, struct err *err)
{
	char piece[APP_NAME_MAX];
	for (const char *start = list, *end;; start = end + 1) {
		end = start + strcspn(start, ",");
		const char *a = start, *z = end;
		while (a < z && *a == ' ')
			a++;
		while (z > a && z[-1] == ' ')
			z--;
		size_t n = (size_t)(z - a) < sizeof(piece) ? (size_t)(z - a) : sizeof(piece) - 1;
		memcpy(piece, a, n);
		piece[n] = 0;
		int r = add_peer(refs, piece, key, err);
		if (r < 0 || !*end)
			return r;
	}
}

int app_spec_add_peers(struct app_spec *s, const char *list, struct err *err)
{
	return add_peers(&app_spec_peers(s)->only, list, "peers", err);
}

int app_spec_add_except_peers(struct app_spec *s, const char *list, struct err *err)
{
	return add_peers(&app_spec_peers(s)->except, list, "except_peers", err);
}

/* ---- monitors and NAT ---- */

int app_spec_adopt_monitor(struct app_spec *s, struct monitor_spec *m, struct err *err)
{
	int r = 0;
	for (size_t i = 0; i < s->n_monitors; i++)
		if (monitor_spec_equal(&s->monitors[i], m)) {
			monitor_spec_done(m); /* a duplicate */
			return 0;
		}
	if (s->n_monitors >= APP_MONITORS_MAX) {
		r = err_set(err, -EINVAL, "'%.80s' exceeds the limit of %d monitors per app",
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

int app_spec_add_nat(struct app_spec *s, const char *text, struct err *err)
{
	struct nat_spec nat = { 0 };
	char was[NAT_SPEC_TEXT_MAX];
	int r = nat_spec_parse(text, &nat, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->n_nats; i++) {
		const struct nat_spec *old = &s->nats[i];
		if (nat_spec_equal(old, &nat))
			return 0;
		if (nat_spec_overlaps(old, &nat))
			return err_set(err, -EINVAL, "'%s': port %u is already translated by %s",
				       text, nat.listen, nat_spec_format(old, was));
	}
	if (s->n_nats >= APP_NATS_MAX)
		return err_set(err, -EINVAL, "'%s' exceeds the limit of %d NAT mappings per app",
			       text, APP_NATS_MAX);
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
		return err_set(err, -EINVAL, "ttl is given more than once ('%.80s')", text);
	int r = duration_parse(text, &span, err);
	if (r < 0)
		return err_prefix(err, r, "ttl: ");
	if (span < APP_LEASE_MIN || span > APP_LEASE_MAX)
		return err_set(err, -EINVAL,
			       "ttl '%.80s' is out of range, expected 1s to %s; omit it for an app "
			       "that stays until it is unregistered",
			       text, duration_format(APP_LEASE_MAX, max));
	s->lease = span;
	return 0;
}

int app_spec_set_bind(struct app_spec *s, const char *text, struct err *err)
{
	enum bind b = BIND_UNSET;
	int rc = bind_parse(text, &b, err);
	if (rc < 0)
		return rc;
	if (s->bind && s->bind != b)
		return err_set(err, -EINVAL, "bind is given more than once ('%s' and '%s')",
			       bind_name(s->bind), bind_name(b));
	s->bind = b;
	return 0;
}
