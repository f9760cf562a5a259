/* SPDX-License-Identifier: MIT */
/*
 * Where the admin socket lies: DIRECTORY/api-INODE.sock, by the inode of the network namespace, so
 * that the agents of several namespaces can share a directory. DIRECTORY/api.sock is a link to one
 * of a living agent.
 */
#ifndef AGENT_HTTP_ADMIN_SOCKET_H
#define AGENT_HTTP_ADMIN_SOCKET_H

#include <sys/types.h>

#include "lib/endpoint.h"
#include "lib/err.h"

/* systemd's $RUNTIME_DIRECTORY, else /run/vipherald. */
const char *admin_socket_directory(char buf[static 108]);
#define ADMIN_LINK_NAME "api.sock"

/* The socket of this network namespace, whether or not it is there. */
int admin_socket_path(const char *directory, struct endpoint *ret, struct err *err);
/* Makes the directory for an agent that will be this user, while root still can. One that is there
 * already and is root's becomes this user's, unless a living agent uses it. */
void admin_socket_prepare(const char *directory, uid_t uid, gid_t gid);
/* The same, and makes the directory. One that is there already must belong to root or to this user,
 * and be writable by its owner only. */
int admin_socket_place(const char *directory, struct endpoint *ret, struct err *err);

struct admin_link;

/* Points the link to this socket unless it points to that of another living agent. */
struct admin_link *admin_link_new(const char *path);
/* Points it to another living agent's, or removes it, if it still points to this one. */
void admin_link_free(struct admin_link *link);

#endif
