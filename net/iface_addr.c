/* SPDX-License-Identifier: MIT */
#include "net/iface_addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlvip.h"
#include "net/vipaddr.h"

static int open_socket(struct nlsock **ret, struct err *err)
{
	return nlsock_open(NETLINK_ROUTE, NULL, ret, err);
}

/* Our VIPs as a kernel shows them that keeps no tag on addresses: by their local routes, ascending.
 */
struct routed_vips {
	struct prefix *vips;
	size_t n, room;
};

static int on_vip(const struct nlmsghdr *msg, void *userdata)
{
	struct routed_vips *v = userdata;
	struct nlroute r;
	if (nlroute_parse(msg, &r) < 0 || !nlroute_is_our_local(&r))
		return 0;
	v->vips = mem_grow(v->vips, &v->room, v->n + 1, sizeof(*v->vips));
	v->vips[v->n++] = r.dst;
	return 0;
}

static int compare_vips(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

static int find_vips(struct nlsock *sock, uint8_t family, struct routed_vips *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	int r = nlsock_request(sock, nlroute_build_dump_local(buf, family), on_vip, ret);
	if (ret->n > 0)
		qsort(ret->vips, ret->n, sizeof(*ret->vips), compare_vips);
	return r;
}

static bool is_ours(const struct nladdr *a, const struct routed_vips *vips)
{
	if (!vips)
		return a->proto == NLADDR_PROTO_OURS;
	return vips->n > 0 &&
	       bsearch(&a->prefix, vips->vips, vips->n, sizeof(*vips->vips), compare_vips);
}

static bool usable(const struct nladdr *a)
{
	const uint32_t bad = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;
	return !(a->flags & bad) && a->scope == RT_SCOPE_UNIVERSE &&
	       !addr_is_link_local(&a->prefix.addr) && !addr_is_loopback(&a->prefix.addr);
}

static int on_address(const struct nlmsghdr *msg, void *userdata)
{
	struct iface_addr_search *s = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) < 0 || a.ifindex != s->ifindex)
		return 0;
	bool ours = is_ours(&a, s->vips);
	s->any_ours = s->any_ours || ours;
	if (addr_equal(&a.prefix.addr, &s->wanted)) {
		s->found = true;
		s->ours = ours;
		s->passing = a.prefix.addr.family == AF_INET6 &&
			     (a.flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED));
	}
	/* An IPv6 privacy address is replaced by another within days. */
	bool temporary = a.prefix.addr.family == AF_INET6 && (a.flags & IFA_F_TEMPORARY);
	/* One without a subnet may be a VIP that another process has added. */
	bool single = a.prefix.len == addr_size(a.prefix.addr.family) * 8;
	int rank = 2 * temporary + single;
	if (!ours && usable(&a) && (!addr_is_set(&s->best) || rank < s->rank)) {
		s->best = a.prefix.addr;
		s->best_is_temporary = temporary;
		s->rank = rank;
	}
	return 0;
}

int iface_addr_search(struct nlsock *sock, uint8_t family, struct iface_addr_search *s)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	return nlsock_request(sock, nladdr_build_dump(buf, family, s->ifindex), on_address, s);
}

int iface_addr_search_lo(struct nlsock *sock, uint8_t family, struct iface_addr_search *s)
{
	struct routed_vips vips = { 0 };
	int r = 0;
	if (!nlvip_kernel_has_tags()) {
		s->vips = &vips;
		r = find_vips(sock, family, &vips);
	}
	if (r == 0)
		r = iface_addr_search(sock, family, s);
	free(vips.vips);
	s->vips = NULL;
	return r;
}

int iface_addr_global(uint32_t ifindex, uint8_t family, struct addr *ret, struct err *err)
{
	char name[IF_NAMESIZE];
	struct iface_addr_search s = { .ifindex = ifindex };
	struct nlsock *sock;
	int r = open_socket(&sock, err);
	if (r < 0)
		return r;
	if (ifindex != NLADDR_LO_IFINDEX)
		r = iface_addr_search(sock, family, &s);
	nlsock_free(sock);
	if (!if_indextoname(ifindex, name))
		snprintf(name, sizeof(name), "#%u", ifindex);
	if (r < 0 && r != -ENODEV)
		return err_set(err, r, "cannot read the addresses of interface %s: %s", name,
			       strerror(-r));
	if (!addr_is_set(&s.best))
		return err_set(err, -ENOENT, "interface %s has no global %s address", name,
			       family == AF_INET6 ? "IPv6" : "IPv4");
	*ret = s.best;
	return 0;
}

bool iface_addr_is_on(uint32_t ifindex, const struct addr *addr)
{
	struct iface_addr_search s = { .ifindex = ifindex, .wanted = *addr };
	struct nlsock *sock;
	if (open_socket(&sock, NULL) < 0)
		return false;
	int r = iface_addr_search(sock, addr->family, &s);
	nlsock_free(sock);
	return r == 0 && s.found;
}

struct link_local_search {
	uint32_t ifindex;
	const struct addr *wanted;
	struct addr found;
};

static int on_link_local(const struct nlmsghdr *msg, void *userdata)
{
	struct link_local_search *s = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) < 0 || a.ifindex != s->ifindex || addr_is_set(&s->found) ||
	    !addr_is_link_local(&a.prefix.addr) || (a.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
		return 0;
	if (!s->wanted || addr_equal(&a.prefix.addr, s->wanted))
		s->found = a.prefix.addr;
	return 0;
}

int iface_addr_link_local(uint32_t ifindex, const struct addr *wanted, struct addr *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct link_local_search s = { .ifindex = ifindex, .wanted = wanted };
	struct nlsock *sock;
	int r = open_socket(&sock, NULL);
	if (r < 0)
		return r;
	r = nlsock_request(sock, nladdr_build_dump(buf, AF_INET6, ifindex), on_link_local, &s);
	nlsock_free(sock);
	if (r == 0 && !addr_is_set(&s.found))
		r = -ENOENT;
	if (r == 0)
		*ret = s.found;
	return r;
}
