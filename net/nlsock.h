/* SPDX-License-Identifier: MIT */
/*
 * A netlink socket over libmnl for short synchronous requests (microseconds each; the kernel
 * answers inside send()), and for multicast groups that the loop watches.
 */
#ifndef NET_NLSOCK_H
#define NET_NLSOCK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct nlsock;

/* `bus` is NETLINK_ROUTE, NETLINK_SOCK_DIAG, …; `groups` is a 0-terminated list of multicast
 * groups to join, or NULL. The fd is CLOEXEC and NONBLOCK. Dumps are filtered by the kernel as
 * their request says, where the kernel can (NETLINK_GET_STRICT_CHK, Linux 4.20). */
int nlsock_open(int bus, const int *groups, struct nlsock **ret, struct err *err);
void nlsock_free(struct nlsock *s);
int nlsock_fd(const struct nlsock *s);

/* Called for each message of an answer; the return value is ignored unless negative, which ends
 * the walk and is returned. */
typedef int nlsock_cb(const struct nlmsghdr *msg, void *userdata);

/* Sends one request and walks its answer, whether a dump, one message or an acknowledgement.
 * Returns 0 or the kernel's -errno. Sets the sequence number and the flags REQUEST and ACK itself.
 * `cb` may be NULL. A dump that changed while it was read is asked for again: `cb` may then see a
 * message twice. -EINTR when it changed each time. */
int nlsock_request(struct nlsock *s, struct nlmsghdr *request, nlsock_cb *cb, void *userdata);
/* Sends messages as one transaction (an nfnetlink batch) and returns the first error; the kernel
 * answers within the call. `last` is the message that asks for the acknowledgement. Sets sequence
 * number and NLM_F_REQUEST of all itself. */
int nlsock_transact(struct nlsock *s, void *messages, size_t len, struct nlmsghdr *last);
/* The port id of this socket: notifications of changes made through it carry it as nlmsg_pid. */
uint32_t nlsock_port(const struct nlsock *s);
/* Sends a request for a dump, whose answer is read by nlsock_receive(), piece by piece: the kernel
 * makes the next piece when one is read. The messages carry `request->nlmsg_seq`, which this sets;
 * NLMSG_DONE or NLMSG_ERROR is the last. */
int nlsock_send(struct nlsock *s, struct nlmsghdr *request);
/* Walks the notifications that wait at the moment, at most `max` datagrams: 0 when there may be
 * more, -EAGAIN when none is left, -ENOBUFS when some were lost (the caller must dump
 * everything again). */
int nlsock_receive(struct nlsock *s, unsigned max, nlsock_cb *cb, void *userdata);
/* Before that dump: drops the notifications that wait. They are older than the dump, and would
 * bring back what it does not have; and the kernel queues nothing until all are read. */
void nlsock_discard(struct nlsock *s);

#endif
