/* SPDX-License-Identifier: MIT */
/*
 * How a VIP is bound to the host, and how that is undone: `bind` and `interface` of its app. The
 * kernel and the interfaces' mirrors say what is bound now, so binding it another way needs no
 * memory of the last one: it is there the new way first, then whatever else is ours is removed.
 */
#ifndef AGENT_VIP_BINDING_H
#define AGENT_VIP_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "agent/model/app_spec.h"
#include "agent/vip/places.h"
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/mono.h"
#include "net/addr_watch.h"

/* On a kernel that does not keep our tag on addresses, the state file has to say what is ours
 * before it is there: `note` returns 0 when it is written or cannot be, -EINPROGRESS when
 * binding_next_noted() is to be asked later. `forget`: it is there no more. */
struct vip_notes {
	int (*note)(const struct prefix *vip, const char *ifname, const char *label,
		    void *userdata);
	void (*forget)(const struct prefix *vip, const char *ifname, void *userdata);
};

struct binding {
	sd_event *loop;
	struct places *places;
	struct addr_watch *watch; /* NULL: no VIP is bound by its presence */
	addr_watch_cb *changed;
	void *userdata;
	bool nonlocal; /* net.ipv6.ip_nonlocal_bind, as read last */
	mono_t nonlocal_read_at;
	const struct vip_notes *notes; /* NULL: what is ours is not written down */
	void *notes_userdata;
	struct prefix *waiting; /* for notes */
	size_t n_waiting, cap_waiting;
};

/* `lost`: another process did something to what is ours; `changed`: to an address that a VIP with
 * bind: present may be about. After an error binding_done() is needed as well. */
int binding_init(struct binding *b, sd_event *loop, places_lost_cb *lost, addr_watch_cb *changed,
		 void *userdata, struct err *err);
void binding_done(struct binding *b);
bool binding_has_tags(const struct binding *b);

/* 0: as the app says, and in no other way by us. -EINPROGRESS: wait for places_lost_cb, or for the
 * note; else an error, and what was bound before still is. */
int binding_bind(struct binding *b, const struct prefix *vip, const struct app_spec *spec,
		 struct err *err);
/* Removes all that is ours. -ENOENT when there was nothing. */
int binding_unbind(struct binding *b, const struct prefix *vip, struct err *err);
/* Is the address on that interface ours? */
bool binding_is_ours(const struct binding *b, const struct prefix *vip, const char *ifname);

/* Detaches the VIPs that waited for their notes; free them. */
struct prefix *binding_detach_noted(struct binding *b, size_t *ret_n);
/* It is not bound after all. */
void binding_forget_notes(struct binding *b, const struct prefix *vip);

#endif
