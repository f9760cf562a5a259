/* SPDX-License-Identifier: MIT */
#include "agent/model/app_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "lib/mem.h"
#include "lib/str.h"

const char *app_source_name(enum app_source s)
{
	switch (s) {
	case APP_FROM_CONFIG:
		return "config";
	case APP_FROM_PROCESS:
		return "process";
	case APP_FROM_HTTP:
		return "http";
	case APP_FROM_CONSUL:
		return "consul";
	case APP_FROM_NOMAD:
		return "nomad";
	}
	return "unknown";
}

void app_spec_done(struct app_spec *s)
{
	for (size_t i = 0; i < s->n_monitors; i++)
		monitor_spec_done(&s->monitors[i]);
	free(s->name);
	free(s->by);
	free(s->vips);
	free(s->communities.values);
	free(s->monitors);
	free(s->nats);
	announce_specs_free(s->announce);
	bgp_peer_filter_free(s->peers);
	free(s->group);
	free(s->disable_file);
	*s = (struct app_spec){ 0 };
}

/* NULL for an empty one. */
static void *copy_array(const void *src, size_t n, size_t size)
{
	return n > 0 ? mem_copy(src, n * size) : NULL;
}

void app_spec_copy(struct app_spec *dst, const struct app_spec *src)
{
	*dst = *src;
	dst->name = src->name ? mem_strdup(src->name) : NULL;
	dst->by = src->by ? mem_strdup(src->by) : NULL;
	dst->vips = copy_array(src->vips, src->n_vips, sizeof(*src->vips));
	dst->communities.values = copy_array(src->communities.values, src->communities.n,
					     sizeof(*src->communities.values));
	dst->announce = announce_specs_copy(src->announce);
	dst->peers = bgp_peer_filter_copy(src->peers);
	dst->group = src->group ? mem_strdup(src->group) : NULL;
	dst->disable_file = src->disable_file ? mem_strdup(src->disable_file) : NULL;
	dst->nats = copy_array(src->nats, src->n_nats, sizeof(*src->nats));
	dst->monitors = copy_array(src->monitors, src->n_monitors, sizeof(*src->monitors));
	for (size_t i = 0; i < src->n_monitors; i++)
		monitor_spec_copy(&dst->monitors[i], &src->monitors[i]);
}

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) : 0;
}

static size_t refs_bytes(const struct bgp_peer_refs *refs)
{
	size_t n = refs->n * sizeof(*refs->items);
	for (size_t i = 0; i < refs->n; i++)
		n += text_bytes(refs->items[i].text);
	return n;
}

static size_t monitor_bytes(const struct monitor_spec *m)
{
	size_t n = sizeof(*m) + text_bytes(m->text);
	for (size_t i = 0; i < m->kind->n_options; i++)
		n += text_bytes(monitor_spec_option(m, i));
	return n;
}

static size_t announce_bytes(const struct announce_specs *s)
{
	size_t n = sizeof(*s) + s->ext_communities.n * sizeof(*s->ext_communities.values) +
		   s->large_communities.n * sizeof(*s->large_communities.values);
	for (size_t i = 0; i < ANNOUNCE_STATES; i++)
		n += s->of[i].communities.n * sizeof(*s->of[i].communities.values) +
		     s->of[i].ext_communities.n * sizeof(*s->of[i].ext_communities.values) +
		     s->of[i].large_communities.n * sizeof(*s->of[i].large_communities.values);
	return n;
}

size_t app_spec_bytes(const struct app_spec *s)
{
	size_t n = text_bytes(s->name) + text_bytes(s->by) + sizeof(*s) +
		   s->n_vips * sizeof(*s->vips) + s->n_nats * sizeof(*s->nats) +
		   s->communities.n * sizeof(*s->communities.values);
	for (size_t i = 0; i < s->n_monitors; i++)
		n += monitor_bytes(&s->monitors[i]);
	if (s->announce)
		n += announce_bytes(s->announce);
	if (s->peers)
		n += refs_bytes(&s->peers->only) + refs_bytes(&s->peers->except);
	return n + text_bytes(s->group) + text_bytes(s->disable_file);
}

struct announce_specs *app_spec_announce(struct app_spec *s)
{
	if (!s->announce)
		s->announce = announce_specs_new();
	return s->announce;
}

struct bgp_peer_filter *app_spec_peers(struct app_spec *s)
{
	if (!s->peers)
		s->peers = mem_new(1, sizeof(*s->peers));
	return s->peers;
}

/* A mapping to an address covers VIPs of its family: those of the other one need another mapping,
 * as a VIP where nothing is mapped would be announced and dead. */
static int check_nats(const struct app_spec *s, struct err *err)
{
	char vip[PREFIX_TEXT_MAX], text[NAT_SPEC_TEXT_MAX];
	for (size_t v = 0; v < s->n_vips; v++)
		for (size_t i = 0; i < s->n_nats; i++) {
			const struct nat_spec *nat = &s->nats[i];
			uint8_t family = s->vips[v].addr.family;
			bool covered = nat_spec_covers(nat, family);
			for (size_t k = 0; k < s->n_nats && !covered; k++)
				covered = s->nats[k].proto == nat->proto &&
					  s->nats[k].listen == nat->listen &&
					  nat_spec_covers(&s->nats[k], family);
			if (!covered)
				return err_set(err, -EINVAL,
					       "NAT mapping %s does not cover vip %s, add one to "
					       "an %s address",
					       nat_spec_format(nat, text),
					       prefix_format(&s->vips[v], vip),
					       family == AF_INET ? "IPv4" : "IPv6");
		}
	return 0;
}

int app_spec_check_bind(const struct app_spec *s, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	bool present = app_spec_bind(s) == BIND_PRESENT;
	bool on_lo = str_equal(app_spec_interface(s), "lo");
	const struct prefix *net = NULL;
	for (size_t i = 0; i < s->n_vips && !net; i++)
		if (s->vips[i].len < addr_size(s->vips[i].addr.family) * 8)
			net = &s->vips[i];
	if (net && present)
		return err_set(err, -EINVAL,
			       "vip %s is a network, and 'bind: present' is about single addresses "
			       "(/32, /128): use 'bind: none' where the host's routes lead to it",
			       prefix_format(net, text));
	if (net && app_spec_bind(s) == BIND_ADDRESS && !on_lo)
		return err_set(err, -EINVAL,
			       "vip %s is a network, which is bound to lo only: remove "
			       "'interface: %s'",
			       prefix_format(net, text), s->interface);
	return 0;
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
				return err_set(err, -EINVAL, "duplicate vip '%s'",
					       prefix_format(&s->vips[i], text));
	if (s->quorum > s->n_monitors)
		return err_set(err, -EINVAL, "quorum %u exceeds the number of monitors, %zu",
			       s->quorum, s->n_monitors);
	int rc = app_spec_check_bind(s, err);
	return rc < 0 ? rc : check_nats(s, err);
}

bool app_spec_has_family(const struct app_spec *s, uint8_t family)
{
	for (size_t i = 0; i < s->n_vips; i++)
		if (s->vips[i].addr.family == family)
			return true;
	return false;
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

enum bind app_spec_bind(const struct app_spec *s)
{
	enum bind b = s->bind ? s->bind : s->agent_bind;
	return b ? b : BIND_ADDRESS;
}

const char *app_spec_interface(const struct app_spec *s)
{
	return s->interface[0] ? s->interface : "lo";
}

const char *app_spec_place(const struct app_spec *s)
{
	switch (app_spec_bind(s)) {
	case BIND_UNSET:
	case BIND_ADDRESS:
		return app_spec_interface(s);
	case BIND_ROUTE:
		return "lo";
	case BIND_PRESENT:
	case BIND_NONE:
		break;
	}
	return NULL;
}

bool app_spec_bound_alike(const struct app_spec *a, const struct app_spec *b)
{
	return app_spec_bind(a) == app_spec_bind(b) && a->nonlocal_ok == b->nonlocal_ok &&
	       str_equal(app_spec_interface(a), app_spec_interface(b));
}

/* One that was not registered yet may not know the agent's. */
static bool same_bind(const struct app_spec *a, const struct app_spec *b)
{
	return a->bind == b->bind && a->nonlocal_ok == b->nonlocal_ok &&
	       str_equal(a->interface, b->interface) &&
	       (a->bind || !a->agent_bind || !b->agent_bind || a->agent_bind == b->agent_bind);
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
	return nat_spec_equal(a, b);
}

/*
 * Whether every element of `a` is in `b`. Nothing is in either of them twice, so with equal counts
 * this is equality. Repeated registrations usually have the same order, so the search starts at the
 * place of the element in `a`.
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

bool app_spec_vips_alike(const struct app_spec *a, const struct app_spec *b)
{
	size_t n = a->n_vips;
	bool ordered = announce_specs_increases(a->announce);
	for (size_t i = 0; ordered && n == b->n_vips && i < n; i++)
		if (!prefix_equal(&a->vips[i], &b->vips[i]))
			return false;
	return n == b->n_vips &&
	       (ordered || all_in(a->vips, b->vips, n, sizeof(*a->vips), vips_equal));
}

size_t app_spec_vip_place(const struct app_spec *s, const struct prefix *vip)
{
	size_t i = 0;
	while (i < s->n_vips && !prefix_equal(&s->vips[i], vip))
		i++;
	return i;
}

bool app_spec_equal(const struct app_spec *a, const struct app_spec *b)
{
	if (a->n_monitors != b->n_monitors)
		return false;
	if (a->quorum != b->quorum || a->hold_down != b->hold_down ||
	    a->hold_down_max != b->hold_down_max || a->join_time != b->join_time)
		return false;
	if (!str_same(a->name, b->name) || !str_same(a->group, b->group) ||
	    !str_same(a->disable_file, b->disable_file) || a->keep_last != b->keep_last ||
	    !announce_specs_equal(a->announce, b->announce) ||
	    !bgp_peer_filter_equal(a->peers, b->peers))
		return false;
	return same_bind(a, b) && communities_equal(&a->communities, &b->communities) &&
	       app_spec_vips_alike(a, b) &&
	       all_in(a->monitors, b->monitors, a->n_monitors, sizeof(*a->monitors),
		      monitors_equal) &&
	       app_spec_nats_equal(a, b);
}

bool app_spec_monitors_equal(const struct app_spec *a, const struct app_spec *b)
{
	if (a->n_monitors != b->n_monitors || a->quorum != b->quorum)
		return false;
	for (size_t i = 0; i < a->n_monitors; i++)
		if (!monitor_spec_equal(&a->monitors[i], &b->monitors[i]))
			return false;
	return true;
}
