/* SPDX-License-Identifier: MIT */
#include "bgp/vrf_listeners.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/iface.h"

struct vrf {
	struct list_node node;
	char name[IF_NAMESIZE];
	uint32_t ifindex; /* that is listened in; 0: none */
	struct endpoint at;
	bool near;
	struct bgp_listener listener;
	bool wanted;
	struct err trouble; /* as it was logged */
};

struct bgp_vrf_listeners {
	sd_event *loop;
	bgp_listener_cb *accepted;
	void *userdata;
	struct list vrfs;
};

bool bgp_vrf_shares_listener(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_l3mdev_accept", "re");
	int c = f ? fgetc(f) : '0'; /* a kernel without VRFs */
	if (f)
		fclose(f);
	return c == '1';
}

struct bgp_vrf_listeners *bgp_vrf_listeners_new(sd_event *loop, bgp_listener_cb *accepted,
						void *userdata)
{
	struct bgp_vrf_listeners *l = mem_new(1, sizeof(*l));
	*l = (struct bgp_vrf_listeners){ .loop = loop, .accepted = accepted, .userdata = userdata };
	list_init(&l->vrfs);
	return l;
}

static void shut(struct vrf *v)
{
	bgp_listener_close(&v->listener);
	v->ifindex = 0;
}

static void vrf_free(struct vrf *v)
{
	shut(v);
	list_remove(&v->node);
	free(v);
}

void bgp_vrf_listeners_close(struct bgp_vrf_listeners *l)
{
	list_for_each (it, &l->vrfs)
		vrf_free(list_entry(it, struct vrf, node));
}

void bgp_vrf_listeners_free(struct bgp_vrf_listeners *l)
{
	if (!l)
		return;
	bgp_vrf_listeners_close(l);
	free(l);
}

/* That the peer is in: its `device`, or the one that its interface belongs to. "": none, or the
 * kernel cannot say at present, and `*unsure` becomes true. */
static const char *vrf_of(const struct bgp_peer_config *p, char buf[static IF_NAMESIZE],
			  bool *unsure)
{
	buf[0] = '\0';
	if (p->in_vrf)
		return p->ifname;
	const uint32_t ifindex = p->ifname[0] ? iface_index(p->ifname, unsure) : 0;
	if (ifindex && iface_vrf(ifindex, buf) < 0)
		*unsure = true;
	return buf;
}

static struct vrf *find(const struct bgp_vrf_listeners *l, const char *name)
{
	list_for_each (it, &l->vrfs) {
		struct vrf *v = list_entry(it, struct vrf, node);
		if (str_equal(v->name, name))
			return v;
	}
	return NULL;
}

static struct vrf *find_of(const struct bgp_vrf_listeners *l, const struct bgp_peer_config *p)
{
	char buf[IF_NAMESIZE];
	bool unsure = false;
	return list_empty(&l->vrfs) ? NULL : find(l, vrf_of(p, buf, &unsure));
}

static struct vrf *find_or_add(struct bgp_vrf_listeners *l, const char *name)
{
	struct vrf *v = find(l, name);
	if (v)
		return v;
	v = mem_new(1, sizeof(*v));
	str_copy(v->name, sizeof(v->name), name);
	bgp_listener_init(&v->listener, l->loop, l->accepted, l->userdata);
	list_append(&l->vrfs, &v->node);
	return v;
}

/* Once for each trouble. */
static void report(struct vrf *v, const struct err *err)
{
	if (!str_same(err->text, v->trouble.text))
		log_error("bgp", "%s in the VRF %s", err->text, v->name);
	v->trouble = *err;
}

/* The kernel cannot say at present: it is as it was. */
static void open_vrf(struct vrf *v, const struct endpoint *at, bool near)
{
	struct err err = { "" };
	bool unsure = false;
	uint32_t ifindex = iface_index(v->name, &unsure);
	bool same = v->near == near && v->at.port == at->port && addr_equal(&v->at.addr, &at->addr);
	if (unsure || (same && ifindex == v->ifindex && (v->listener.fd >= 0 || !ifindex)))
		return;
	shut(v);
	v->at = *at;
	v->near = near;
	if (ifindex && bgp_listener_open(&v->listener, at, near, v->name, &err) == 0)
		v->ifindex = ifindex;
	report(v, &err);
}

void bgp_vrf_listeners_unprotect(struct bgp_vrf_listeners *l, const struct bgp_config *config)
{
	for (size_t i = 0; i < config->n_peers; i++) {
		const struct bgp_peer_config *p = &config->peers[i];
		struct vrf *v = p->password && addr_is_set(&p->addr) ? find_of(l, p) : NULL;
		if (v)
			bgp_listener_unprotect(&v->listener, p);
	}
}

static void set_keys(const struct bgp_vrf_listeners *l, const struct bgp_config *config)
{
	for (size_t i = 0; i < config->n_peers; i++) {
		const struct bgp_peer_config *p = &config->peers[i];
		struct vrf *v = p->password ? find_of(l, p) : NULL;
		struct err err = { "" };
		if (v && v->listener.fd >= 0 && bgp_listener_protect(&v->listener, p, &err) < 0)
			report(v, &err);
	}
}

void bgp_vrf_listeners_update(struct bgp_vrf_listeners *l, const struct bgp_config *config,
			      bool near)
{
	char buf[IF_NAMESIZE];
	bool own = config->listen && !bgp_vrf_shares_listener(), unsure = false;
	list_for_each (it, &l->vrfs)
		list_entry(it, struct vrf, node)->wanted = false;
	for (size_t i = 0; i < config->n_peers && own; i++) {
		const char *vrf = vrf_of(&config->peers[i], buf, &unsure);
		if (vrf[0])
			find_or_add(l, vrf)->wanted = true;
	}
	list_for_each (it, &l->vrfs) {
		struct vrf *v = list_entry(it, struct vrf, node);
		if (v->wanted)
			open_vrf(v, &config->listen_at, near);
		else if (!unsure || !own)
			vrf_free(v);
	}
	set_keys(l, config);
}
