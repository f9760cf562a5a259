/* SPDX-License-Identifier: MIT */
#include "bgp/sockopt.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/str.h"
#include "net/fib.h"

#define MAX_TTL          255
#define LISTEN_BACKLOG   64
#define DSCP_NETWORK_CTL 0xc0 /* CS6, RFC 4594 3.1: routing protocols */

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

uint8_t bgp_socket_ttl(const struct bgp_peer_config *peer, bool ibgp)
{
	if (!ibgp && peer->multi_hop && peer->multihop_ttl)
		return peer->multihop_ttl;
	return ibgp || peer->multi_hop || peer->ttl_security ? MAX_TTL : 1;
}

/* RFC 5082 3: both directions. On a dual-stack listener the IPv4 options hold for IPv4 peers. */
static int set_ttl(int fd, const struct bgp_peer_config *peer, bool ibgp)
{
	int ttl = bgp_socket_ttl(peer, ibgp), r;
	if (peer->addr.family == AF_INET)
		r = set_int(fd, IPPROTO_IP, IP_TTL, ttl);
	else
		r = set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
	if (r < 0 || !peer->ttl_security)
		return r;
	if (peer->addr.family == AF_INET)
		return set_int(fd, IPPROTO_IP, IP_MINTTL, MAX_TTL);
	return set_int(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, MAX_TTL);
}

static int set_session_options(int fd, const struct bgp_peer_config *peer, bool ibgp,
			       struct err *err)
{
	int r = set_ttl(fd, peer, ibgp);
	if (r < 0)
		return err_set(err, r, "cannot set the TTL of the session: %s", strerror(-r));
	/* Withdrawals are small and must not wait for one another. A session without these options
	 * is better than none. */
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (peer->addr.family == AF_INET)
		set_int(fd, IPPROTO_IP, IP_TOS, DSCP_NETWORK_CTL);
	else
		set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_NETWORK_CTL);
	return 0;
}

/* On a dual-stack listener the key of an IPv4 peer must be stored under its mapped address. */
static struct addr as_seen_by(int fd, const struct addr *peer)
{
	int domain = peer->family;
	socklen_t len = sizeof(domain);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	if (domain != AF_INET6 || peer->family != AF_INET)
		return *peer;
	struct addr mapped = { .family = AF_INET6, .bytes = { [10] = 0xff, [11] = 0xff } };
	memcpy(mapped.bytes + 12, peer->bytes, 4);
	return mapped;
}

int bgp_socket_set_password(int fd, const struct bgp_peer_config *peer, struct err *err)
{
	struct tcp_md5sig sig = { 0 };
	struct sockaddr_storage ss;
	struct addr addr = as_seen_by(fd, &peer->addr);
	size_t len = peer->password ? strlen(peer->password) : 0;
	if (len > TCP_MD5SIG_MAXKEYLEN)
		return err_set(err, -EINVAL, "the password is longer than the %d bytes of TCP MD5",
			       TCP_MD5SIG_MAXKEYLEN);
	addr_to_sockaddr(&addr, 0, if_nametoindex(peer->ifname), &ss);
	memcpy(&sig.tcpm_addr, &ss, sizeof(sig.tcpm_addr));
	sig.tcpm_keylen = (uint16_t)len;
	if (len > 0)
		memcpy(sig.tcpm_key, peer->password, len);
	int rc = setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig));
	if (rc < 0 && len == 0) /* there was none, or there is no TCP MD5 */
		return 0;
	if (rc < 0)
		return err_set(err, -errno,
			       "the kernel refuses TCP MD5 (RFC 2385): %s; "
			       "is it built with CONFIG_TCP_MD5SIG?",
			       strerror(errno));
	return 0;
}

/* The kernel chooses by route, which may lead it to a VIP: an answer could reach another host; or
 * to a temporary address. */
static int correct_source(int fd, const struct bgp_peer_config *peer, uint32_t scope,
			  struct err *err)
{
	struct sockaddr_storage ss;
	struct fib_path path;
	int r = fib_lookup(&peer->addr, NULL, scope, &path, err);
	if (r < 0)
		return r == -EADDRNOTAVAIL ? r : 0; /* connect() tells */
	if (!path.corrected)
		return 0;
	socklen_t len = addr_to_sockaddr(&path.source, 0, scope, &ss);
	set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, (const struct sockaddr *)&ss, len) < 0
		       ? err_set(err, -errno, "cannot bind: %s", strerror(errno))
		       : 0;
}

static int bind_source(int fd, const struct bgp_peer_config *peer, uint32_t scope, struct err *err)
{
	bool v6 = peer->addr.family == AF_INET6;
	const struct addr *source = bgp_peer_source(peer);
	struct sockaddr_storage ss;
	char text[ADDR_TEXT_MAX];
	if (v6 && addr_is_link_local(&peer->addr) && !source)
		return 0;
	if (!source)
		return correct_source(fd, peer, scope, err);
	socklen_t len = addr_to_sockaddr(source, 0, scope, &ss);
	set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (bind(fd, (const struct sockaddr *)&ss, len) < 0)
		return err_set(err, -errno,
			       "cannot bind to %s (%s): is it an address of this host? "
			       "Correct or remove %s",
			       addr_format(source, text), strerror(errno),
			       source == &peer->local_ip ? "local_ip" : "local_ip6");
	return 0;
}

static int bind_vrf(int fd, const char *vrf, struct err *err)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, vrf, (socklen_t)strlen(vrf) + 1) == 0)
		return 0;
	return err_set(err, -errno, "cannot bind to the VRF %s: %s", vrf, strerror(errno));
}

static int start_connect(int fd, const struct bgp_peer_config *peer, bool ibgp, struct err *err)
{
	struct sockaddr_storage ss;
	uint32_t scope = peer->ifname[0] ? if_nametoindex(peer->ifname) : 0;
	if (peer->ifname[0] && !scope)
		return err_set(err, -ENODEV, "interface %s not found", peer->ifname);
	int r = set_session_options(fd, peer, ibgp, err);
	if (r == 0 && peer->in_vrf)
		r = bind_vrf(fd, peer->ifname, err);
	if (r == 0 && peer->password)
		r = bgp_socket_set_password(fd, peer, err);
	if (r == 0)
		r = bind_source(fd, peer, scope, err);
	if (r < 0)
		return r;
	socklen_t len = addr_to_sockaddr(&peer->addr, peer->port, scope, &ss);
	if (connect(fd, (const struct sockaddr *)&ss, len) < 0 && errno != EINPROGRESS)
		return err_set(err, -errno, "cannot connect: %s", strerror(errno));
	return 0;
}

int bgp_socket_connect(const struct bgp_peer_config *peer, bool ibgp, int *ret_fd, struct err *err)
{
	int fd = socket(peer->addr.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "cannot create a socket: %s", strerror(errno));
	int r = start_connect(fd, peer, ibgp, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int bgp_socket_adopt(int fd, const struct bgp_peer_config *peer, bool ibgp, struct err *err)
{
	return set_session_options(fd, peer, ibgp, err);
}

/* The SYN-ACK to a peer with GTSM must have TTL 255, before the peer is known. */
static void set_listener_ttl(int fd, int family, bool near)
{
	set_int(fd, IPPROTO_IP, IP_TTL, MAX_TTL);
	if (near)
		set_int(fd, IPPROTO_IP, IP_MINTTL, MAX_TTL);
	if (family != AF_INET6)
		return;
	set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, MAX_TTL);
	if (near)
		set_int(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, MAX_TTL);
}

static int start_listen(int fd, const struct endpoint *at, int family, bool near, const char *vrf,
			struct err *err)
{
	struct endpoint any = *at;
	struct sockaddr_storage ss;
	char text[ENDPOINT_TEXT_MAX];
	if (!addr_is_set(&any.addr))
		any.addr.family = (uint8_t)family;
	socklen_t len = addr_to_sockaddr(&any.addr, any.port, 0, &ss);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (any.addr.family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, addr_is_set(&at->addr));
	set_listener_ttl(fd, family, near);
	int r = vrf ? bind_vrf(fd, vrf, err) : 0;
	if (r < 0)
		return r;
	if (bind(fd, (const struct sockaddr *)&ss, len) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return 0;
	int e = errno;
	const char *advice = e == EACCES       ? "; ports below 1024 need CAP_NET_BIND_SERVICE"
			     : e == EADDRINUSE ? "; another BGP speaker runs on this host"
					       : "";
	return err_set(err, -e, "cannot listen on %s: %s%s", endpoint_format(at, text), strerror(e),
		       advice);
}

int bgp_socket_listen(const struct endpoint *at, bool near, const char *vrf, int *ret_fd,
		      struct err *err)
{
	const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	bool any = !addr_is_set(&at->addr);
	int family = any ? AF_INET6 : at->addr.family; /* any: dual stack */
	int fd = socket(family, type, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && any) { /* a host without IPv6 */
		family = AF_INET;
		fd = socket(family, type, 0);
	}
	if (fd < 0)
		return err_set(err, -errno, "cannot create a socket: %s", strerror(errno));
	int r = start_listen(fd, at, family, near, vrf, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

uint32_t bgp_socket_device(int fd)
{
	int device = 0;
	socklen_t len = sizeof(device);
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, &len) < 0 || device < 0)
		return 0;
	return (uint32_t)device;
}

bool bgp_socket_local_name(int fd, struct bgp_socket_name *ret)
{
	struct bgp_socket_name name = { 0 };
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0 ||
	    !addr_from_sockaddr(&ss, &name.addr, &name.port))
		return false;
	name.scope = addr_scope(&ss) ? addr_scope(&ss) : bgp_socket_device(fd);
	*ret = name;
	return true;
}

int bgp_socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

size_t bgp_socket_unacknowledged(int fd)
{
	int n = 0;
	return ioctl(fd, SIOCOUTQ, &n) < 0 || n < 0 ? 0 : (size_t)n;
}
