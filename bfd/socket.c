/* SPDX-License-Identifier: MIT */
#include "bfd/socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/str.h"

#define TTL_SENT         255
#define DSCP_NETWORK_CTL 0xc0 /* CS6, RFC 4594 3.1 */
/* As much as the kernel grants: what arrives while this process does not run. */
#define RECEIVE_BUFFER (1 << 20)

struct option {
	int level, name, value;
};

static int set_options(int fd, const struct option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			       sizeof(int)) < 0)
			return -errno;
	return 0;
}

static int open_udp(uint8_t family, const char *device, struct err *err)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (fd < 0)
		return err_set(err, -errno, "cannot open a UDP socket: %s", strerror(errno));
	if (*device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
				  (socklen_t)strlen(device) + 1) < 0) {
		int rc = err_set(err, -errno, "cannot bind to interface %s: %s", device,
				 strerror(errno));
		close(fd);
		return rc;
	}
	return fd;
}

static int bind_to(int fd, const struct addr *addr, uint16_t port, unsigned scope)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(addr, port, scope, &ss);
	return bind(fd, (const struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

static int give_up(int fd, int rc)
{
	close(fd);
	return rc;
}

/* ---- receiving ---- */

static int set_listener_options(int fd, uint8_t family)
{
	static const struct option v4[] = {
		{ IPPROTO_IP, IP_PKTINFO, 1 },
		{ IPPROTO_IP, IP_RECVTTL, 1 },
	};
	static const struct option v6[] = {
		{ IPPROTO_IPV6, IPV6_V6ONLY, 1 },
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
		{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
	};
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ RECEIVE_BUFFER }, sizeof(int));
	return family == AF_INET ? set_options(fd, v4, ARRAY_SIZE(v4))
				 : set_options(fd, v6, ARRAY_SIZE(v6));
}

static void share(int fd, bool on)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ on }, sizeof(int));
}

void bfd_listener_share(const struct bfd_listener *l, bool on)
{
	if (l->fd >= 0)
		share(l->fd, on);
}

int bfd_listener_open(const struct bfd_listener *l, bool shared, struct err *err)
{
	const struct addr any = { .family = l->family };
	const uint16_t port = l->multihop ? BFD_PORT_MULTIHOP : BFD_PORT;
	int fd = open_udp(l->family, l->vrf, err);
	if (fd < 0)
		return fd;
	int rc = set_listener_options(fd, l->family);
	share(fd, shared);
	if (rc == 0)
		rc = bind_to(fd, &any, port, 0);
	share(fd, false);
	if (rc == 0)
		return fd;
	if (rc == -EADDRINUSE)
		return give_up(fd, err_set(err, rc,
					   "UDP port %u is taken: does a router on this host "
					   "(bfdd, BIRD) run BFD itself?",
					   port));
	return give_up(fd,
		       err_set(err, rc, "cannot receive on UDP port %u: %s", port, strerror(-rc)));
}

static void read_info(const struct cmsghdr *c, struct bfd_datagram *d, bool *has_ttl)
{
	int ttl;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		d->to = addr_from_bytes(AF_INET, &info.ipi_addr);
		d->ifindex = (unsigned)info.ipi_ifindex;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		d->to = addr_from_bytes(AF_INET6, &info.ipi6_addr);
		d->ifindex = info.ipi6_ifindex;
	} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
		   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		d->ttl = (uint8_t)ttl;
		*has_ttl = true;
	}
}

static bool read_source(struct msghdr *msg, const struct sockaddr_storage *from,
			struct bfd_datagram *ret)
{
	bool has_ttl = false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		read_info(c, ret, &has_ttl);
	return has_ttl && addr_is_set(&ret->to) &&
	       addr_from_sockaddr(from, &ret->from, &(uint16_t){ 0 });
}

/* Filled in by recvmmsg(). */
struct arrivals {
	struct mmsghdr messages[BFD_BATCH];
	struct sockaddr_storage from[BFD_BATCH];
	struct iovec data[BFD_BATCH];
	union {
		struct cmsghdr align;
		char buf[128];
	} control[BFD_BATCH];
};

static int receive(int fd, struct arrivals *a, uint8_t data[BFD_BATCH][BFD_RECEIVE_MAX])
{
	for (size_t i = 0; i < BFD_BATCH; i++) {
		a->data[i] = (struct iovec){ data[i], BFD_RECEIVE_MAX };
		a->messages[i].msg_hdr =
			(struct msghdr){ .msg_name = &a->from[i],
					 .msg_namelen = sizeof(a->from[i]),
					 .msg_iov = &a->data[i],
					 .msg_iovlen = 1,
					 .msg_control = a->control[i].buf,
					 .msg_controllen = sizeof(a->control[i].buf) };
	}
	return recvmmsg(fd, a->messages, BFD_BATCH, MSG_DONTWAIT, NULL);
}

void bfd_listener_receive(const struct bfd_listener *l, struct bfd_batch *ret)
{
	struct arrivals a;
	const int n = receive(l->fd, &a, ret->data);
	ret->n = 0;
	ret->is_last = n < BFD_BATCH;
	for (int i = 0; i < n; i++) {
		struct bfd_datagram *d = &ret->items[ret->n];
		*d = (struct bfd_datagram){ .data = ret->data[i],
					    .len = a.messages[i].msg_len,
					    .multihop = l->multihop,
					    .vrf = l->vrf };
		if (read_source(&a.messages[i].msg_hdr, &a.from[i], d))
			ret->n++;
	}
}

bool bfd_listener_serves(const struct bfd_listener *l, const struct bfd_key *key)
{
	return l->family == key->peer.family && l->multihop == key->multihop &&
	       str_equal(l->vrf, key->vrf);
}

/* ---- sending ---- */

/* Nothing is received here: what arrives at the port is not queued. */
static int receive_nothing(int fd)
{
	struct sock_filter none = { .code = BPF_RET | BPF_K, .k = 0 };
	const struct sock_fprog program = { .len = 1, .filter = &none };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static int set_sender_options(int fd, uint8_t family)
{
	static const struct option v4[] = {
		{ IPPROTO_IP, IP_TTL, TTL_SENT },
		{ IPPROTO_IP, IP_TOS, DSCP_NETWORK_CTL },
	};
	static const struct option v6[] = {
		{ IPPROTO_IPV6, IPV6_V6ONLY, 1 },
		{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, TTL_SENT },
		{ IPPROTO_IPV6, IPV6_TCLASS, DSCP_NETWORK_CTL },
	};
	int rc = family == AF_INET ? set_options(fd, v4, ARRAY_SIZE(v4))
				   : set_options(fd, v6, ARRAY_SIZE(v6));
	return rc < 0 ? rc : receive_nothing(fd);
}

static int bind_sender(int fd, const struct bfd_key *key, uint16_t port, unsigned ifindex,
		       struct err *err)
{
	const struct addr any = { .family = key->peer.family };
	const struct addr *local = addr_is_set(&key->local) ? &key->local : &any;
	char text[ADDR_TEXT_MAX];
	int rc = set_sender_options(fd, key->peer.family);
	if (rc == 0)
		rc = bind_to(fd, local, port, addr_is_link_local(local) ? ifindex : 0);
	if (rc == -EADDRNOTAVAIL)
		return err_set(err, rc, "cannot send from %s: not an address of this host",
			       addr_format(local, text));
	return rc < 0 ? err_set(err, rc, "cannot send from %s, UDP port %u: %s",
				addr_format(local, text), port, strerror(-rc))
		      : 0;
}

int bfd_sender_open(const struct bfd_key *key, uint16_t port, unsigned *ret_ifindex,
		    struct err *err)
{
	unsigned ifindex = key->ifname[0] ? if_nametoindex(key->ifname) : 0;
	if (key->ifname[0] && !ifindex)
		return err_set(err, -ENODEV, "interface %s not found", key->ifname);
	int fd = open_udp(key->peer.family, key->ifname[0] ? key->ifname : key->vrf, err);
	if (fd < 0)
		return fd;
	int rc = bind_sender(fd, key, port, ifindex, err);
	if (rc < 0)
		return give_up(fd, rc);
	*ret_ifindex = ifindex;
	return fd;
}

int bfd_sender_send(int fd, const struct bfd_key *key, unsigned ifindex, const uint8_t *data,
		    size_t len)
{
	struct sockaddr_storage to;
	const uint16_t port = key->multihop ? BFD_PORT_MULTIHOP : BFD_PORT;
	socklen_t to_len = addr_to_sockaddr(&key->peer, port,
					    addr_is_link_local(&key->peer) ? ifindex : 0, &to);
	ssize_t n = sendto(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to,
			   to_len);
	return n < 0 ? -errno : 0;
}
