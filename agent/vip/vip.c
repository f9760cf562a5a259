/* SPDX-License-Identifier: MIT */
#include "agent/vip/vip.h"

#include <stdlib.h>

#include "lib/mem.h"

_Static_assert(sizeof(struct prefix) == 18, "struct prefix is hashed as memory");

struct vip *vip_find(const struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip;
	HASH_FIND(hh, r->vips, prefix, sizeof(*prefix), vip);
	return vip;
}

struct vip *vip_get(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = vip_find(r, prefix);
	if (vip)
		return vip;
	vip = mem_new(1, sizeof(*vip));
	vip->prefix = *prefix;
	HASH_ADD(hh, r->vips, prefix, sizeof(vip->prefix), vip);
	r->counts.vips++;
	return vip;
}

void vip_free(struct reconcile *r, struct vip *vip)
{
	list_for_each (it, &r->cursors) {
		struct vip_cursor *c = list_entry(it, struct vip_cursor, node);
		if (c->next == vip)
			c->next = vip->hh.next;
	}
	if (vip->trouble) {
		list_remove(&vip->trouble->node);
		free(vip->trouble);
	}
	list_remove(&vip->dirty);
	list_remove(&vip->awaiting);
	list_remove(&vip->pending);
	HASH_DELETE(hh, r->vips, vip);
	r->counts.vips--;
	free(vip->traffic);
	route_spec_unref(vip->route);
	free(vip);
}

static void spec_attrs(const struct vip *vip, enum route_form form, struct announce_room *room,
		       struct bgp_route_attrs *ret)
{
	const struct announce_specs *s = vip->spec->announce;
	if (vip->want.joins)
		announce_specs_attrs_of_joiner(s, &vip->spec->communities, form, room, ret);
	else
		announce_specs_attrs(s, &vip->spec->communities, form, room, ret);
	if (announce_specs_increases(s))
		announce_specs_increase(s, app_spec_vip_place(vip->spec, &vip->prefix), ret);
}

void vip_attrs(const struct vip *vip, enum route_form form, struct announce_room *room,
	       struct bgp_route_attrs *ret)
{
	if (vip->route)
		route_spec_attrs(vip->route, form, room, ret);
	else
		spec_attrs(vip, form, room, ret);
}

void vip_attrs_for(const struct vip *vip, enum route_form form, const struct bgp_peer_config *peer,
		   struct announce_room *room, struct bgp_route_attrs *ret)
{
	const struct route_spec *route = vip->route ? route_spec_for(vip->route, peer) : NULL;
	if (route)
		route_spec_attrs(route, form, room, ret);
	else
		vip_attrs(vip, form, room, ret);
}

const struct bgp_peer_filter *vip_peers(const struct vip *vip)
{
	return vip->route ? vip->route->peers : vip->spec->peers;
}

bool vip_is_for(const struct vip *vip, const struct bgp_peer_config *peer)
{
	return vip->route ? route_spec_for(vip->route, peer) != NULL
			  : bgp_peer_filter_allows(vip_peers(vip), peer);
}

void vip_mark_dirty(struct reconcile *r, struct vip *vip)
{
	if (list_linked(&vip->dirty))
		return;
	if (list_empty(&r->dirty))
		r->ops->work(r->userdata);
	list_append(&r->dirty, &vip->dirty);
}

void vip_set_bound(struct reconcile *r, struct vip *vip, bool bound)
{
	if (vip->bound != bound)
		r->counts.bound += bound ? 1 : (size_t)-1;
	vip->bound = bound;
}

void vip_cursor_init(struct reconcile *r, struct vip_cursor *c)
{
	c->next = r->vips;
	list_append(&r->cursors, &c->node);
}

struct vip *vip_cursor_next(struct vip_cursor *c)
{
	struct vip *vip = c->next;
	if (vip)
		c->next = vip->hh.next;
	return vip;
}

void vip_cursor_done(struct vip_cursor *c)
{
	list_remove(&c->node);
}
