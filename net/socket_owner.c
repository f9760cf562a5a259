/* SPDX-License-Identifier: MIT */
/*
 * sock_diag tells the inode of the other end, and /proc/self/fd whether it is ours. The kernel does
 * not know the connection by its addresses when they are translated on the way, nor without
 * tcp_diag: then the addresses of our own sockets are compared, and a connection whose other end
 * has not been closed is another process's.
 */
#include "net/socket_owner.h"

#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/addr.h"
#include "net/fib.h"
#include "net/nlsock.h"

struct end {
	struct addr addr;
	uint16_t port;
	uint32_t ifindex; /* of a link-local address */
};

struct found {
	bool any;
	uint8_t state;
	uint16_t dport; /* network order; that of a listener is 0 */
	uint32_t uid, inode;
};

static bool end_of(const struct sockaddr_storage *ss, struct end *ret)
{
	*ret = (struct end){ 0 };
	if (!addr_from_sockaddr(ss, &ret->addr, &ret->port))
		return false;
	if (ss->ss_family == AF_INET6)
		ret->ifindex = ((const struct sockaddr_in6 *)ss)->sin6_scope_id;
	return true;
}

static bool local_end(int fd, struct end *ret)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	return getsockname(fd, (struct sockaddr *)&ss, &len) == 0 && end_of(&ss, ret);
}

static bool remote_end(int fd, struct end *ret)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	return getpeername(fd, (struct sockaddr *)&ss, &len) == 0 && end_of(&ss, ret);
}

static int on_socket(const struct nlmsghdr *msg, void *userdata)
{
	struct found *found = userdata;
	if (msg->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct inet_diag_msg))
		return 0;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	*found = (struct found){ true, diag->idiag_state, diag->id.idiag_dport, diag->idiag_uid,
				 diag->idiag_inode };
	return 0;
}

/* The socket whose own end is `own`, and whose peer is `peer`. */
static struct found ask_kernel(const struct end *own, const struct end *peer)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlsock *sock;
	struct err err;
	struct found found = { 0 };
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	req->sdiag_family = own->addr.family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = ~0U;
	req->id.idiag_sport = htons(own->port);
	req->id.idiag_dport = htons(peer->port);
	req->id.idiag_if = own->ifindex;
	req->id.idiag_cookie[0] = req->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	memcpy(req->id.idiag_src, own->addr.bytes, addr_size(own->addr.family));
	memcpy(req->id.idiag_dst, peer->addr.bytes, addr_size(peer->addr.family));
	if (nlsock_open(NETLINK_SOCK_DIAG, NULL, &sock, &err) < 0)
		return found;
	if (nlsock_request(sock, msg, on_socket, &found) < 0)
		found.any = false;
	nlsock_free(sock);
	found.any = found.any && found.dport == htons(peer->port);
	return found;
}

/* Whether one of our descriptors is the socket with this inode, or, with 0, the one between these
 * ends. */
static bool fd_is(int fd, uint32_t inode, const struct end *own, const struct end *peer)
{
	struct stat st;
	struct end a, b;
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	if (inode != 0)
		return st.st_ino == inode;
	return local_end(fd, &a) && remote_end(fd, &b) && addr_equal(&a.addr, &own->addr) &&
	       addr_equal(&b.addr, &peer->addr) && a.port == own->port && b.port == peer->port;
}

/* Without /proc nothing can be told, and the socket counts as ours. */
static bool is_ours(uint32_t inode, const struct end *own, const struct end *peer)
{
	bool found = false;
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return true;
	/* cppcheck-suppress readdirCalled ; one thread */
	for (const struct dirent *entry; !found && (entry = readdir(dir));)
		found = entry->d_name[0] != '.' &&
			fd_is((int)strtol(entry->d_name, NULL, 10), inode, own, peer);
	closedir(dir);
	return found;
}

static bool is_established(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_ESTABLISHED;
}

static bool is_of_this_host(const struct end *other, const struct end *here)
{
	struct err err;
	bool local = false;
	if (addr_is_loopback(&other->addr) || addr_equal(&other->addr, &here->addr))
		return true;
	return fib_is_local(&other->addr, &local, &err) == 0 && local;
}

static enum socket_owner_kind judge(int fd, const struct found *found, const struct end *other,
				    const struct end *here)
{
	if (!found->any && !is_established(fd))
		return SOCKET_GONE;
	if (found->any && found->inode == 0)
		return SOCKET_GONE;
	/* One of our sockets was made with our uid: the descriptors of others are not worth the
	 * search. */
	if (found->any && found->uid != geteuid())
		return SOCKET_OF_OTHERS;
	return is_ours(found->any ? found->inode : 0, other, here) ? SOCKET_OURS : SOCKET_OF_OTHERS;
}

void socket_owner_find(int fd, struct socket_owner *ret)
{
	struct end here, other;
	*ret = (struct socket_owner){ .kind = SOCKET_GONE };
	if (!local_end(fd, &here) || !remote_end(fd, &other))
		return;
	if (!is_of_this_host(&other, &here)) {
		ret->kind = SOCKET_ELSEWHERE;
		return;
	}
	const struct found found = ask_kernel(&other, &here);
	ret->kind = judge(fd, &found, &other, &here);
	ret->uid_known = found.any && ret->kind == SOCKET_OF_OTHERS;
	ret->uid = found.uid;
}
