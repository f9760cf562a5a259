/* SPDX-License-Identifier: MIT */
#include "nat/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/mem.h"
#include "nat/caps.h"
#include "net/nlsock.h"
#include "process/loop.h"

/* Of an answer, in a turn of the loop: 32 kB each, some 400 elements. */
#define DATAGRAMS_PER_TURN 1

struct counters {
	sd_event *loop;
	const struct counters_ops *ops;
	void *userdata;
	struct nlsock *change, *read;
	sd_event_source *source, *begin;
	bool sets[COUNT_SETS]; /* that there are */
	size_t next;           /* set to be read */
	uint32_t seq;          /* of the dump that is read; 0: none */
	uint64_t questions;
};

static int explain(int r, const char *what, struct err *err)
{
	switch (-r) {
	case EPERM:
	case EACCES:
		return nat_caps_explain("nftables", 0, err);
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
	case EINVAL:
	case EOPNOTSUPP:
		return err_set(err, -EOPNOTSUPP,
			       "the kernel has no nftables, or none that counts by element (Linux "
			       "5.7), %s: %s",
			       what, strerror(-r));
	default:
		return err_set(err, r, "nftables, %s: %s", what, strerror(-r));
	}
}

/* Ends and sends it. */
static int send_batch(struct nlsock *s, struct nft_batch *b)
{
	nft_batch_end(b);
	int r = nlsock_transact(s, b->buf, b->len, nft_batch_last(b));
	nft_batch_done(b);
	return r;
}

static int make_table(struct nlsock *s)
{
	struct nft_batch b;
	nft_batch_begin(&b);
	count_table_skeleton(&b);
	return send_batch(s, &b);
}

static int remove_table(struct nlsock *s)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	struct nft_batch b;
	int r = nlsock_request(s, count_table_get(buf), NULL, NULL);
	if (r < 0) /* a transaction that fails is dear */
		return r;
	nft_batch_begin(&b);
	nft_batch_drop_table(&b, COUNT_TABLE);
	return send_batch(s, &b);
}

/* ---- reading ---- */

static void finish(struct counters *c, int r)
{
	struct err err = { "" };
	c->seq = 0;
	if (r < 0)
		explain(r, "reading the table inet " COUNT_TABLE, &err);
	c->ops->done(r, &err, c->userdata);
}

/* Begins the next set; at the end of all, that is told. */
static int read_next(struct counters *c)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	while (c->next < COUNT_SETS && !c->sets[c->next])
		c->next++;
	if (c->next == COUNT_SETS) {
		finish(c, 0);
		return 0;
	}
	struct nlmsghdr *request = count_table_dump(buf, c->next);
	int r = nlsock_send(c->read, request);
	c->questions++;
	c->seq = request->nlmsg_seq;
	return r;
}

static int code_of(const struct nlmsghdr *msg)
{
	int code = 0;
	if (mnl_nlmsg_get_payload_len(msg) >= sizeof(code))
		memcpy(&code, mnl_nlmsg_get_payload(msg), sizeof(code));
	return code;
}

static void end_set(struct counters *c, int r)
{
	/* A dump that changed meanwhile may lack an element: it keeps its last value. */
	if (r == -EINTR)
		r = 0;
	c->next++;
	if (r == 0)
		r = read_next(c);
	if (r < 0)
		finish(c, r);
}

static int on_message(const struct nlmsghdr *msg, void *userdata)
{
	struct counters *c = userdata;
	if (c->seq == 0 || msg->nlmsg_seq != c->seq)
		return 0;
	switch (msg->nlmsg_type) {
	case NLMSG_ERROR:
	case NLMSG_DONE:
		end_set(c, code_of(msg));
		return 0;
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return 0;
	default:
		return count_table_parse(msg, c->next, c->ops->count, c->userdata);
	}
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct counters *c = userdata;
	int r = nlsock_receive(c->read, DATAGRAMS_PER_TURN, on_message, c);
	if (r < 0 && r != -EAGAIN && c->seq != 0)
		finish(c, r);
	return 0;
}

static int on_begin(sd_event_source *source, void *userdata)
{
	(void)source;
	struct counters *c = userdata;
	int r = read_next(c);
	if (r < 0)
		finish(c, r);
	return 0;
}

int counters_read(struct counters *c, struct err *err)
{
	c->next = 0;
	int r = loop_defer(c->loop, &c->begin, LOOP_APPLY, on_begin, c);
	return r < 0 ? err_set(err, r, "traffic: %s", strerror(-r)) : 0;
}

/* ---- changes ---- */

int counters_add(struct counters *c, const struct prefix *vips, size_t n, struct err *err)
{
	bool sets[COUNT_SETS];
	struct nft_batch b;
	memcpy(sets, c->sets, sizeof(sets));
	nft_batch_begin(&b);
	for (size_t i = 0; i < n; i++) {
		size_t set = count_set_of(&vips[i]);
		if (!sets[set])
			count_table_add_set(&b, set);
		sets[set] = true;
	}
	count_table_add(&b, vips, n);
	c->questions++;
	int r = send_batch(c->change, &b);
	if (r < 0)
		return explain(r, "adding to the table inet " COUNT_TABLE, err);
	memcpy(c->sets, sets, sizeof(sets));
	return 0;
}

int counters_del(struct counters *c, const struct prefix *vips, size_t n, struct err *err)
{
	struct nft_batch b;
	nft_batch_begin(&b);
	count_table_del(&b, vips, n);
	c->questions++;
	int r = send_batch(c->change, &b);
	return r < 0 ? explain(r, "removing from the table inet " COUNT_TABLE, err) : 0;
}

/* ---- */

int counters_new(sd_event *loop, const struct counters_ops *ops, void *userdata,
		 struct counters **ret, struct err *err)
{
	struct counters *c = mem_new(1, sizeof(*c));
	c->loop = sd_event_ref(loop);
	c->ops = ops;
	c->userdata = userdata;
	int r = nlsock_open(NETLINK_NETFILTER, NULL, &c->change, NULL);
	if (r == 0)
		r = nlsock_open(NETLINK_NETFILTER, NULL, &c->read, NULL);
	if (r == 0)
		r = make_table(c->change);
	if (r == 0)
		r = loop_io_add(loop, &c->source, nlsock_fd(c->read), EPOLLIN, LOOP_APPLY, on_ready,
				c);
	if (r < 0) {
		counters_free(c);
		/* ENOENT: the kernel lacks a feature that the table needs. */
		return explain(r == -ENOENT ? -EOPNOTSUPP : r, "making the table inet " COUNT_TABLE,
			       err);
	}
	*ret = c;
	return 0;
}

void counters_free(struct counters *c)
{
	if (!c)
		return;
	if (c->change)
		(void)remove_table(c->change);
	sd_event_source_disable_unref(c->source);
	sd_event_source_disable_unref(c->begin);
	nlsock_free(c->change);
	nlsock_free(c->read);
	sd_event_unref(c->loop);
	free(c);
}

uint64_t counters_questions(const struct counters *c)
{
	return c->questions;
}

void counters_remove_leftover(void)
{
	struct nlsock *s;
	if (nlsock_open(NETLINK_NETFILTER, NULL, &s, NULL) < 0)
		return;
	(void)remove_table(s);
	nlsock_free(s);
}
