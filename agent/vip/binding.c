/* SPDX-License-Identifier: MIT */
#include "agent/vip/binding.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/vip/presence.h"
#include "lib/mem.h"
#include "net/loopback.h"
#include "net/nonlocal.h"
#include "net/vipaddr.h"
#include "process/loop.h"

bool binding_has_tags(const struct binding *b)
{
	return loopback_has_tags(places_lo(b->places));
}

/* Notes */

static bool needs_notes(const struct binding *b)
{
	return b->notes && !binding_has_tags(b);
}

static int note(struct binding *b, const struct prefix *vip, const struct loopback *at,
		const char *app)
{
	char label[IFNAMSIZ];
	if (!needs_notes(b) || loopback_owns(at, vip))
		return 0;
	vipaddr_label(vip, loopback_name(at), app, label);
	int rc = b->notes->note(vip, loopback_name(at), label, b->notes_userdata);
	if (rc < 0) {
		b->waiting = mem_grow(b->waiting, &b->cap_waiting, b->n_waiting + 1,
				      sizeof(*b->waiting));
		b->waiting[b->n_waiting++] = *vip;
	}
	return rc;
}

struct prefix *binding_detach_noted(struct binding *b, size_t *ret_n)
{
	struct prefix *waiting = b->waiting;
	*ret_n = b->n_waiting;
	b->waiting = NULL;
	b->n_waiting = b->cap_waiting = 0;
	return waiting;
}

void binding_forget_notes(struct binding *b, const struct prefix *vip)
{
	for (size_t i = 0; i < places_n(b->places); i++)
		b->notes->forget(vip, loopback_name(places_at(b->places, i)), b->notes_userdata);
}

/* Unbinding */

static int unbind_at(struct binding *b, struct loopback *at, const struct prefix *vip,
		     struct err *err)
{
	int rc = loopback_del(at, vip, err);
	if (rc == 0 && needs_notes(b))
		b->notes->forget(vip, loopback_name(at), b->notes_userdata);
	return rc;
}

/* `keep` may be NULL. -ENOENT when there was nothing elsewhere. */
static int unbind_but(struct binding *b, const struct prefix *vip, const struct loopback *keep,
		      struct err *err)
{
	int result = -ENOENT;
	for (size_t i = 0; i < places_n(b->places); i++) {
		struct loopback *at = places_at(b->places, i);
		int rc = at == keep ? -ENOENT : unbind_at(b, at, vip, err);
		if (rc < 0 && rc != -ENOENT)
			return rc;
		result = rc == 0 ? 0 : result;
	}
	return result;
}

int binding_unbind(struct binding *b, const struct prefix *vip, struct err *err)
{
	return unbind_but(b, vip, NULL, err);
}

bool binding_is_ours(const struct binding *b, const struct prefix *vip, const char *ifname)
{
	const struct loopback *at = places_find(b->places, ifname);
	return at && loopback_owns(at, vip);
}

/* The ways to bind */

static int leave_only(struct binding *b, const struct prefix *vip, const struct loopback *keep,
		      struct err *err)
{
	int rc = unbind_but(b, vip, keep, err);
	return rc == -ENOENT ? 0 : rc;
}

static int bind_address(struct binding *b, const struct prefix *vip, const struct app_spec *spec,
			struct err *err)
{
	struct loopback *at;
	int rc = places_get(b->places, app_spec_interface(spec), &at, err);
	if (rc == 0)
		rc = note(b, vip, at, spec->name);
	if (rc == 0)
		rc = loopback_add(at, vip, spec->name, err);
	return rc < 0 ? rc : leave_only(b, vip, at, err);
}

/* As of this turn of the loop. */
static bool may_bind_nonlocal(struct binding *b)
{
	mono_t now = loop_now(b->loop);
	if (b->nonlocal_read_at != now || now == 0)
		b->nonlocal = nonlocal_bind6();
	b->nonlocal_read_at = now;
	return b->nonlocal;
}

static int bind_route(struct binding *b, const struct prefix *vip, const struct app_spec *spec,
		      struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	struct loopback *lo = places_lo(b->places);
	if (vip->addr.family == AF_INET6 && !spec->nonlocal_ok && !may_bind_nonlocal(b))
		return err_set(
			err, -EADDRNOTAVAIL,
			"%s: with 'bind: route' a service can bind an IPv6 VIP, or answer from "
			"it, only with 'sysctl -w net.ipv6.ip_nonlocal_bind=1'; set that, or "
			"'nonlocal: ok' where the service does neither",
			prefix_format(vip, text));
	int rc = loopback_add_route(lo, vip, err);
	return rc < 0 ? rc : leave_only(b, vip, lo, err);
}

static bool is_ours(const struct prefix *vip, const char *ifname, void *userdata)
{
	const struct binding *b = userdata;
	return !binding_has_tags(b) && binding_is_ours(b, vip, ifname);
}

static int bind_present(struct binding *b, const struct prefix *vip, const struct app_spec *spec,
			struct err *err)
{
	int rc = b->watch ? 0 : addr_watch_new(b->loop, b->changed, b->userdata, &b->watch, err);
	if (rc == 0)
		rc = presence_check(addr_watch_table(b->watch), vip, spec->interface, is_ours, b,
				    err);
	return rc < 0 ? rc : leave_only(b, vip, NULL, err);
}

int binding_bind(struct binding *b, const struct prefix *vip, const struct app_spec *spec,
		 struct err *err)
{
	switch (app_spec_bind(spec)) {
	case BIND_UNSET:
	case BIND_ADDRESS:
		return bind_address(b, vip, spec, err);
	case BIND_ROUTE:
		return bind_route(b, vip, spec, err);
	case BIND_PRESENT:
		return bind_present(b, vip, spec, err);
	case BIND_NONE:
		break;
	}
	return leave_only(b, vip, NULL, err);
}

/* Life */

int binding_init(struct binding *b, sd_event *loop, places_lost_cb *lost, addr_watch_cb *changed,
		 void *userdata, struct err *err)
{
	*b = (struct binding){ .loop = loop, .changed = changed, .userdata = userdata };
	return places_new(loop, lost, userdata, &b->places, err);
}

void binding_done(struct binding *b)
{
	addr_watch_free(b->watch);
	places_free(b->places);
	free(b->waiting);
}
