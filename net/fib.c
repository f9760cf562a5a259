/* SPDX-License-Identifier: MIT */
/*
 * The path to a peer, as the kernel would choose it, with one correction: on a link without
 * addresses of its own ("unnumbered") the kernel borrows a source address from lo, and that could
 * be a VIP. A session from a VIP would break when the VIP goes, so another source is sought.
 */
#include "net/fib.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"
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

/* One walk over the addresses of an interface tells both what an address is and which other one
 * would do. */
struct address_search {
	const struct routed_vips *vips; /* NULL: the tag of an address says whether it is ours */
	uint32_t ifindex;
	struct addr wanted; /* family 0: none in particular */
	bool found;         /* `wanted` is there … */
	bool ours;          /* … and is a VIP */
	bool passing;       /* … and is temporary or deprecated */
	bool any_ours;      /* there is a VIP */
	struct addr best;   /* usable as a source; family 0 when there is none */
	bool best_is_temporary;
	int rank; /* of `best`; lower is better */
};

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
	struct address_search *s = userdata;
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

static int search_addresses(struct nlsock *sock, uint8_t family, struct address_search *s)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	return nlsock_request(sock, nladdr_build_dump(buf, family, s->ifindex), on_address, s);
}

static int search_lo(struct nlsock *sock, uint8_t family, struct address_search *s)
{
	struct routed_vips vips = { 0 };
	int r = 0;
	if (!nlvip_kernel_has_tags()) {
		s->vips = &vips;
		r = find_vips(sock, family, &vips);
	}
	if (r == 0)
		r = search_addresses(sock, family, s);
	free(vips.vips);
	s->vips = NULL;
	return r;
}

static int on_route(const struct nlmsghdr *msg, void *userdata)
{
	return nlroute_parse(msg, userdata);
}

/* No IPv4 address but VIPs: those have scope host, so the kernel names no source, and would send
 * from 0.0.0.0. */
static int check_unnumbered(struct nlsock *sock, uint8_t family)
{
	struct address_search lo = { .ifindex = NLADDR_LO_IFINDEX };
	int r = search_lo(sock, family, &lo);
	return r == 0 && lo.any_ours ? -EADDRNOTAVAIL : r;
}

/* The kernel prefers privacy addresses where use_tempaddr says so; a session must outlive them
 * (RFC 5014 IPV6_PREFER_SRC_PUBLIC). Where there is no other, the kernel's choice stays. */
static void avoid_passing(const struct address_search *out, struct fib_path *path)
{
	if (!out->passing || !addr_is_set(&out->best) || out->best_is_temporary)
		return;
	path->source = out->best;
	path->corrected = true;
}

/* Keeps `path->source` unless it is one of our VIPs on lo, or expires soon. */
static int avoid_vip(struct nlsock *sock, struct fib_path *path)
{
	uint8_t family = path->source.family;
	struct address_search out = { .ifindex = path->ifindex, .wanted = path->source };
	struct address_search lo = { .ifindex = NLADDR_LO_IFINDEX, .wanted = path->source };
	if (!addr_is_set(&path->source))
		return 0;
	/* The interface first: it has few addresses and nearly always the right one. */
	int r = search_addresses(sock, family, &out);
	if (r == 0 && out.found && !out.ours)
		avoid_passing(&out, path);
	if (r < 0 || (out.found && !out.ours))
		return r;
	r = search_lo(sock, family, &lo);
	if (r < 0 || !lo.ours)
		return r;
	path->corrected = true;
	if (addr_is_set(&out.best))
		path->source = out.best;
	else if (addr_is_set(&lo.best))
		path->source = lo.best;
	else
		return -EADDRNOTAVAIL;
	return 0;
}

static bool is_reachable(const struct nlroute *r)
{
	return r->type == RTN_UNICAST || r->type == RTN_LOCAL || r->type == RTN_BROADCAST ||
	       r->type == RTN_MULTICAST || r->type == RTN_ANYCAST;
}

/* One lookup of the kernel's. */
static int get_path(struct nlsock *sock, const struct addr *dst, const struct addr *source,
		    uint32_t ifindex, struct fib_path *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	struct nlroute route = { 0 };
	int r = nlsock_request(sock, nlroute_build_get(buf, dst, source, ifindex), on_route,
			       &route);
	if (r < 0)
		return r;
	if (!is_reachable(&route))
		return -ENETUNREACH;
	if (source)
		route.source = *source;
	else if (!addr_is_set(&route.source) && dst->family == AF_INET)
		r = check_unnumbered(sock, AF_INET);
	if (r < 0)
		return r;
	*ret = (struct fib_path){ .source = route.source,
				  .gateway = route.gateway,
				  .ifindex = route.ifindex };
	/* A gateway that is on the link by `onlink` alone has no route of its own: the kernel sends
	 * to it through itself. */
	if (addr_equal(&ret->gateway, dst))
		ret->gateway = (struct addr){ 0 };
	return 0;
}

static int lookup(struct nlsock *sock, const struct addr *dst, const struct addr *source,
		  uint32_t ifindex, struct fib_path *ret)
{
	struct fib_path path = { 0 };
	int r = get_path(sock, dst, source, ifindex, &path);
	if (r == 0 && !source)
		r = avoid_vip(sock, &path);
	/* connect() looks the way up again with the source that it has chosen, which rules of
	 * policy routing may ask for; that of IPv6 only with one that it is bound to. */
	struct addr chosen = path.source;
	bool corrected = path.corrected;
	if (r == 0 && !source && addr_is_set(&chosen) && (dst->family == AF_INET || corrected))
		r = get_path(sock, dst, &chosen, ifindex, &path);
	if (r < 0)
		return r;
	path.corrected = corrected;
	*ret = path;
	return 0;
}

int fib_lookup(const struct addr *dst, const struct addr *source, uint32_t ifindex,
	       struct fib_path *ret, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	struct nlsock *sock;
	int r = open_socket(&sock, err);
	if (r < 0)
		return r;
	/* Without that address there is nothing to look up: the caller's bind() fails. */
	r = lookup(sock, dst, source && fib_has_address(source, ifindex) ? source : NULL, ifindex,
		   ret);
	nlsock_free(sock);
	if (r == -EADDRNOTAVAIL)
		return err_set(err, r,
			       "the only source address towards %s is a VIP: give this host an "
			       "address of its own, or set local_ip",
			       addr_format(dst, text));
	if (r < 0)
		return err_set(err, r, "no route to %s: %s", addr_format(dst, text), strerror(-r));
	return 0;
}

int fib_is_local(const struct addr *dst, bool *ret, struct err *err)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	char text[ADDR_TEXT_MAX];
	struct nlroute route = { 0 };
	struct nlsock *sock;
	int r = open_socket(&sock, err);
	if (r < 0)
		return r;
	r = nlsock_request(sock, nlroute_build_get(buf, dst, NULL, 0), on_route, &route);
	nlsock_free(sock);
	/* No route at all is an answer: not local. */
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL)
		r = 0;
	if (r < 0)
		return err_set(err, r, "cannot look up the route to %s: %s", addr_format(dst, text),
			       strerror(-r));
	*ret = route.type == RTN_LOCAL;
	return 0;
}

bool fib_is_unavailable(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS ||
	       error == -EINTR || error == -EAGAIN;
}

/* A lack of ports (a resolver may have them all), or a rule against it, says nothing about the
 * address. */
static bool speaks_against_address(int error)
{
	return !fib_is_unavailable(-error) && error != EADDRINUSE && error != EACCES &&
	       error != EPERM;
}

/* A socket sees the addresses of one VRF, of the one that it is bound to. */
static int bind_socket(int fd, const struct addr *addr, uint32_t ifindex)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(addr, 0, ifindex, &ss);
	int device = (int)ifindex, r = 0;
	if (ifindex && !(addr->family == AF_INET6 && addr_is_link_local(addr)))
		r = setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, sizeof(device));
	return r < 0 ? r : bind(fd, (const struct sockaddr *)&ss, len);
}

/* By a socket, so that it holds for the sockets of this process, also in a VRF. Connecting to the
 * address itself tells it where ip_nonlocal_bind lets any socket bind to any address. */
bool fib_has_address(const struct addr *addr, uint32_t ifindex)
{
	struct sockaddr_storage ss;
	int fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	int r = bind_socket(fd, addr, ifindex);
	socklen_t len = addr_to_sockaddr(addr, 9, ifindex, &ss);
	if (r == 0)
		r = connect(fd, (const struct sockaddr *)&ss, len);
	bool has = r == 0 || !speaks_against_address(errno);
	close(fd);
	return has;
}

uint32_t fib_interface_index(const char *name, bool *unsure)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), name);
	if (fd >= 0 && r >= 0)
		r = ioctl(fd, SIOCGIFINDEX, &ifr) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (unsure)
		*unsure = *unsure || fib_is_unavailable(r);
	return r < 0 ? 0 : (uint32_t)ifr.ifr_ifindex;
}

/* Of what kind its master is. */
static int on_link_info(const struct nlattr *attr, void *userdata)
{
	struct fib_link *link = userdata;
	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		link->is_in_vrf = str_equal(mnl_attr_get_str(attr), "vrf");
	return MNL_CB_OK;
}

static int on_link_attr(const struct nlattr *attr, void *userdata)
{
	struct fib_link *link = userdata;
	if (mnl_attr_get_type(attr) == IFLA_LINKINFO &&
	    mnl_attr_validate(attr, MNL_TYPE_NESTED) >= 0)
		mnl_attr_parse_nested(attr, on_link_info, link);
	if (mnl_attr_get_type(attr) == IFLA_MASTER &&
	    mnl_attr_get_payload_len(attr) == sizeof(link->master))
		link->master = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) != IFLA_ADDRESS ||
	    mnl_attr_get_payload_len(attr) != sizeof(link->mac))
		return MNL_CB_OK;
	memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
	link->mac_len = sizeof(link->mac);
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *msg, void *userdata)
{
	struct fib_link *link = userdata;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	if (msg->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(msg) < sizeof(*ifi))
		return 0;
	link->state = !(ifi->ifi_flags & IFF_UP)        ? FIB_LINK_DOWN
		      : !(ifi->ifi_flags & IFF_RUNNING) ? FIB_LINK_NO_CARRIER
							: FIB_LINK_UP;
	mnl_attr_parse(msg, sizeof(*ifi), on_link_attr, link);
	return 0;
}

const char *fib_link_words(enum fib_link_state state)
{
	switch (state) {
	case FIB_LINK_UP:
		break;
	case FIB_LINK_NO_CARRIER:
		return "has no carrier";
	case FIB_LINK_DOWN:
		return "is down";
	case FIB_LINK_GONE:
		return "is gone";
	}
	return NULL;
}

int fib_link(uint32_t ifindex, struct fib_link *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nlsock *sock;
	*ret = (struct fib_link){ .state = FIB_LINK_UP };
	msg->nlmsg_type = RTM_GETLINK;
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	int r = open_socket(&sock, NULL);
	if (r < 0)
		return r;
	r = nlsock_request(sock, msg, on_link, ret);
	if (r == -ENODEV)
		ret->state = FIB_LINK_GONE;
	nlsock_free(sock);
	if (!if_indextoname(ifindex, ret->name))
		ret->name[0] = '\0';
	return r == -ENODEV ? 0 : r;
}

int fib_interface_address(uint32_t ifindex, uint8_t family, struct addr *ret, struct err *err)
{
	char name[IF_NAMESIZE];
	struct address_search s = { .ifindex = ifindex };
	struct nlsock *sock;
	int r = open_socket(&sock, err);
	if (r < 0)
		return r;
	if (ifindex != NLADDR_LO_IFINDEX)
		r = search_addresses(sock, family, &s);
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

bool fib_interface_has(uint32_t ifindex, const struct addr *addr)
{
	struct address_search s = { .ifindex = ifindex, .wanted = *addr };
	struct nlsock *sock;
	if (open_socket(&sock, NULL) < 0)
		return false;
	int r = search_addresses(sock, addr->family, &s);
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

int fib_interface_link_local(uint32_t ifindex, const struct addr *wanted, struct addr *ret)
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

/* That a new socket is bound to, by a program of its cgroup. 0: none. */
static int own_vrf(uint32_t *ret)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), device = 0;
	socklen_t len = sizeof(device);
	int r = fd < 0 ? -errno : 0;
	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, &len) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		*ret = (uint32_t)device;
	return r;
}

int fib_link_vrf(uint32_t ifindex, char ret_name[static IF_NAMESIZE])
{
	struct fib_link link, vrf = { .name = "" };
	uint32_t own = 0;
	int r = fib_link(ifindex, &link);
	if (r == 0 && link.is_in_vrf)
		r = own_vrf(&own);
	if (r == 0 && link.is_in_vrf && link.master != own)
		r = fib_link(link.master, &vrf);
	if (r == 0)
		memcpy(ret_name, vrf.name, IF_NAMESIZE);
	return r;
}

bool fib_leaves_vrf(const struct fib_path *path, uint32_t vrf, struct fib_link *ret_link)
{
	return path->ifindex != vrf && fib_link(path->ifindex, ret_link) == 0 &&
	       ret_link->master != vrf;
}

/* By an address that no other route is for (RFC 1112 4). VIPs as the only sources are not an
 * obstacle: they are what the answers to clients come from. */
bool fib_has_default4(uint32_t vrf, bool *ret_unavailable)
{
	const struct addr nowhere = addr_v4(0xf0000001);
	struct fib_path path = { 0 };
	struct fib_link link;
	int r = fib_lookup(&nowhere, NULL, vrf, &path, NULL);
	if (ret_unavailable)
		*ret_unavailable = fib_is_unavailable(r);
	if (r == 0 && vrf != 0 && fib_leaves_vrf(&path, vrf, &link))
		return false; /* and true when the interface cannot be asked */
	return r != -ENETUNREACH && r != -EHOSTUNREACH && r != -EACCES && r != -EINVAL;
}
