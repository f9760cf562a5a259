/* SPDX-License-Identifier: MIT */
/*
 * The path to a peer, as the kernel would choose it, with one correction: on a link without
 * addresses of its own ("unnumbered") the kernel borrows a source address from lo, and that could
 * be a VIP. A session from a VIP would break when the VIP goes, so another source is sought.
 */
#include "net/fib.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/iface_addr.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"

static int open_socket(struct nlsock **ret, struct err *err)
{
	return nlsock_open(NETLINK_ROUTE, NULL, ret, err);
}

static int on_route(const struct nlmsghdr *msg, void *userdata)
{
	return nlroute_parse(msg, userdata);
}

/* No IPv4 address but VIPs: those have scope host, so the kernel names no source, and would send
 * from 0.0.0.0. */
static int check_unnumbered(struct nlsock *sock, uint8_t family)
{
	struct iface_addr_search lo = { .ifindex = NLADDR_LO_IFINDEX };
	int r = iface_addr_search_lo(sock, family, &lo);
	return r == 0 && lo.any_ours ? -EADDRNOTAVAIL : r;
}

/* The kernel prefers privacy addresses where use_tempaddr says so; a session must outlive them
 * (RFC 5014 IPV6_PREFER_SRC_PUBLIC). Where there is no other, the kernel's choice stays. */
static void avoid_passing(const struct iface_addr_search *out, struct fib_path *path)
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
	struct iface_addr_search out = { .ifindex = path->ifindex, .wanted = path->source };
	struct iface_addr_search lo = { .ifindex = NLADDR_LO_IFINDEX, .wanted = path->source };
	if (!addr_is_set(&path->source))
		return 0;
	/* The interface first: it has few addresses and nearly always the right one. */
	int r = iface_addr_search(sock, family, &out);
	if (r == 0 && out.found && !out.ours)
		avoid_passing(&out, path);
	if (r < 0 || (out.found && !out.ours))
		return r;
	r = iface_addr_search_lo(sock, family, &lo);
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

/* A lack of ports (a resolver may have them all), or a rule against it, says nothing about the
 * address. */
static bool speaks_against_address(int error)
{
	return !err_is_unavailable(-error) && error != EADDRINUSE && error != EACCES &&
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

bool fib_leaves_vrf(const struct fib_path *path, uint32_t vrf, struct iface *ret_link)
{
	return path->ifindex != vrf && iface_read(path->ifindex, ret_link) == 0 &&
	       ret_link->master != vrf;
}

/* By an address that no other route is for (RFC 1112 4). VIPs as the only sources are not an
 * obstacle: they are what the answers to clients come from. */
bool fib_has_default4(uint32_t vrf, bool *ret_unavailable)
{
	const struct addr nowhere = addr_v4(0xf0000001);
	struct fib_path path = { 0 };
	struct iface link;
	int r = fib_lookup(&nowhere, NULL, vrf, &path, NULL);
	if (ret_unavailable)
		*ret_unavailable = err_is_unavailable(r);
	if (r == 0 && vrf != 0 && fib_leaves_vrf(&path, vrf, &link))
		return false; /* and true when the interface cannot be asked */
	return r != -ENETUNREACH && r != -EHOSTUNREACH && r != -EACCES && r != -EINVAL;
}
