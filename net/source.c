/* SPDX-License-Identifier: MIT */
#include "net/source.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/fib.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"

/* IPv4 VIPs have scope host, which the kernel never selects towards another host. */
static bool may_be_sent_from_vip(const struct addr *to)
{
	return to->family == AF_INET6 && !addr_is_loopback(to) && !addr_is_link_local(to);
}

/* Connecting a datagram socket sends nothing. False when there is no route. */
static bool kernel_choice(const struct addr *to, struct addr *ret)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, 9, 0, &ss);
	int fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool found = fd >= 0 && connect(fd, (const struct sockaddr *)&ss, len) == 0;
	len = sizeof(ss);
	found = found && getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
		addr_from_sockaddr(&ss, ret, &(uint16_t){ 0 });
	if (fd >= 0)
		close(fd);
	return found;
}

/* ---- the link-local address of the way out ---- */

struct link_local {
	uint32_t ifindex;
	struct addr addr;
};

static int on_route(const struct nlmsghdr *msg, void *userdata)
{
	return nlroute_parse(msg, userdata);
}

static int on_address(const struct nlmsghdr *msg, void *userdata)
{
	struct link_local *l = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) == 0 && a.ifindex == l->ifindex &&
	    addr_is_link_local(&a.prefix.addr) &&
	    !(a.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) && !addr_is_set(&l->addr))
		l->addr = a.prefix.addr;
	return 0;
}

static int find_link_local(const struct addr *to, struct link_local *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX + NLADDR_MSG_MAX];
	struct nlroute route = { 0 };
	struct nlsock *sock;
	int r = nlsock_open(NETLINK_ROUTE, NULL, &sock, NULL);
	if (r < 0)
		return r;
	r = nlsock_request(sock, nlroute_build_get(buf, to, NULL, 0), on_route, &route);
	*ret = (struct link_local){ .ifindex = route.ifindex };
	if (r == 0)
		r = nlsock_request(sock, nladdr_build_dump(buf, AF_INET6, route.ifindex),
				   on_address, ret);
	nlsock_free(sock);
	return r == 0 && !addr_is_set(&ret->addr) ? -EADDRNOTAVAIL : r;
}

/* ---- the socket ---- */

static int bind_to(int fd, const struct addr *source, uint32_t scope, struct err *err)
{
	struct sockaddr_storage ss;
	char text[ADDR_TEXT_MAX];
	socklen_t len = addr_to_sockaddr(source, 0, scope, &ss);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	if (bind(fd, (const struct sockaddr *)&ss, len) == 0)
		return 0;
	return err_set(err, -errno, "cannot bind to %s: %s", addr_format(source, text),
		       strerror(errno));
}

int source_avoid_vip(int fd, const struct addr *to, source_is_vip_fn *is_vip, void *userdata,
		     struct err *err)
{
	char text[ADDR_TEXT_MAX];
	struct addr chosen;
	struct fib_path path;
	struct link_local out;
	if (!may_be_sent_from_vip(to))
		return 0;
	if (is_vip && (!kernel_choice(to, &chosen) || !is_vip(&chosen, userdata)))
		return 0;
	int r = fib_lookup(to, NULL, 0, &path, NULL);
	if (r == 0)
		return path.corrected ? bind_to(fd, &path.source, 0, err) : 0;
	if (r != -EADDRNOTAVAIL)
		return 0; /* connect() tells */
	if (find_link_local(to, &out) == 0)
		return bind_to(fd, &out.addr, out.ifindex, err);
	return err_set(err, r,
		       "the only source address towards %s is a VIP: give this host an address of "
		       "its own",
		       addr_format(to, text));
}

bool source_is_only_vip(const struct addr *to)
{
	struct fib_path path;
	return may_be_sent_from_vip(to) && fib_lookup(to, NULL, 0, &path, NULL) == -EADDRNOTAVAIL;
}
