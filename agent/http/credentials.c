/* SPDX-License-Identifier: MIT */
#include "agent/http/credentials.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/str.h"
#include "net/socket_owner.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

static void find_groups(int fd, gid_t gid, struct credentials *ret)
{
	socklen_t len = sizeof(ret->gids);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, ret->gids, &len) == 0)
		ret->n_gids = len / sizeof(ret->gids[0]);
	if (ret->n_gids < CREDENTIALS_GROUPS_MAX)
		ret->gids[ret->n_gids++] = gid;
}

/* Credentials of the moment of its connect(). */
static void find_unix(int fd, struct credentials *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	ret->unix_socket = true;
	ret->uid = UINT32_MAX; /* no user has it */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return;
	ret->uid = cred.uid;
	ret->own_check = cred.pid == getpid();
	find_groups(fd, cred.gid, ret);
}

static void find_tcp(int fd, bool in_full, struct credentials *ret)
{
	struct socket_owner owner;
	if (!in_full)
		return;
	socket_owner_find(fd, &owner);
	ret->own_check = owner.kind == SOCKET_OURS || owner.kind == SOCKET_GONE;
	ret->this_host = owner.kind == SOCKET_OF_OTHERS;
	ret->uid_known = owner.uid_known;
	ret->uid = owner.uid;
}

void credentials_find(int fd, bool in_full, struct credentials *ret)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	uint16_t port;
	*ret = (struct credentials){ 0 };
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0) {
		ret->own_check = true;
		return;
	}
	if (ss.ss_family == AF_UNIX) {
		find_unix(fd, ret);
		return;
	}
	addr_from_sockaddr(&ss, &ret->here, &port);
	len = sizeof(ss);
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(&ss, &ret->addr, &ret->port);
	find_tcp(fd, in_full, ret);
}

void credentials_to_client(const struct credentials *who, struct api_client *client)
{
	client->unix_socket = who->unix_socket;
	client->uid = who->uid;
	client->gids = who->gids;
	client->n_gids = who->n_gids;
	client->own_check = who->own_check;
	client->this_host = who->this_host;
}

void credentials_describe(const struct credentials *who, const struct principal *principal,
			  char *buf, size_t size)
{
	char addr[ADDR_TEXT_MAX];
	struct strbuf text = strbuf_over(buf, size);
	strbuf_add(&text, "%s", principal->name);
	if (who->unix_socket && principal->kind != PRINCIPAL_UID)
		strbuf_add(&text, " (uid %u)", (unsigned)who->uid);
	if (who->unix_socket)
		return;
	strbuf_add(&text, " (%s port %u", addr_format(&who->addr, addr), who->port);
	if (who->uid_known)
		strbuf_add(&text, ", uid %u", (unsigned)who->uid);
	strbuf_add(&text, ")");
}
