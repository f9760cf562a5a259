/* SPDX-License-Identifier: MIT */
#include "net/names.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/name_servers.h"
#include "process/child.h"
#include "process/loop.h"

#define FRESH        (60 * USEC_PER_SEC)
#define RETRY        (5 * USEC_PER_SEC)
#define FORGET       (3600 * USEC_PER_SEC)
#define LOOKUP_LIMIT (60 * USEC_PER_SEC)
#define CHILDREN_MAX 16

struct names {
	sd_event *loop;
	names_lookup_fn *lookup;
	unsigned n_children;
	struct list all;
};

struct name {
	struct list_node node;
	struct names *names;
	char *host, *addresses; /* NULL: not known */
	mono_t used;
	mono_t lookup_at; /* again, when it is used from then on */
	struct child *child;
	struct list queries;
};

struct names_query {
	struct list_node node;
	names_cb *found;
	void *userdata;
	bool waited;
};

/* ---- in the child ---- */

static void print_address(const struct addrinfo *a)
{
	char text[NI_MAXHOST];
	/* An address with a scope cannot be handed on as text. */
	if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) ==
		    0 &&
	    !strchr(text, '%'))
		dprintf(STDOUT_FILENO, "%s\n", text);
}

enum names_status names_lookup(const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all;
	size_t n = 0;
	int left_out = name_servers_avoid_vips();
	int r = getaddrinfo(host, NULL, &hints, &all);
	if (r == EAI_AGAIN && left_out > 0) {
		dprintf(STDOUT_FILENO,
			"the only source address towards %d name server%s is a VIP\n", left_out,
			left_out == 1 ? "" : "s");
		return NAMES_NO_ANSWER;
	}
	if (r != 0) {
		dprintf(STDOUT_FILENO, "%s\n", gai_strerror(r));
		return r == EAI_NONAME || r == EAI_NODATA ? NAMES_NOT_FOUND : NAMES_NO_ANSWER;
	}
	for (const struct addrinfo *a = all; a && n < NAMES_ADDRESSES_MAX; a = a->ai_next, n++)
		print_address(a);
	freeaddrinfo(all);
	return NAMES_FOUND;
}

static int in_child(const void *arg)
{
	const struct name *name = arg;
	return (int)name->names->lookup(name->host);
}

/* ---- the answer ---- */

/* As libcurl wants them: separated by commas, IPv6 in brackets. NULL when there is none. */
static char *join_addresses(const struct child_result *result)
{
	char buf[CHILD_OUTPUT_MAX + 1], joined[CHILD_OUTPUT_MAX * 2] = "", *rest = buf, *line;
	struct strbuf sb = strbuf_over(joined, sizeof(joined));
	memcpy(buf, result->output, result->output_len + 1);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			strbuf_add(&sb, strchr(line, ':') ? "%s[%s]" : "%s%s", sb.len ? "," : "",
				   line);
	return sb.len > 0 ? mem_strdup(joined) : NULL;
}

/* The callbacks may start and cancel queries, of this name too. */
static void answer(struct name *name, const char *error)
{
	char *addresses = name->addresses ? mem_strdup(name->addresses) : NULL;
	struct names_query *q;
	struct list waiting;
	list_init(&waiting);
	while ((q = list_first(&name->queries, struct names_query, node))) {
		list_remove(&q->node);
		list_append(&waiting, &q->node);
	}
	while ((q = list_first(&waiting, struct names_query, node))) {
		names_cb *found = q->found;
		void *userdata = q->userdata;
		names_cancel(q);
		found(addresses, error, userdata);
	}
	free(addresses);
}

static void on_done(const struct child_result *result, void *userdata);

static int start_lookup(struct name *name, struct err *err)
{
	struct names *n = name->names;
	int r = child_call(n->loop, in_child, name, LOOKUP_LIMIT, on_done, name, &name->child, err);
	n->n_children += r == 0;
	return r;
}

/* The first name that had to wait for others. */
static void start_next(struct names *n)
{
	struct err err;
	list_for_each (it, &n->all) {
		struct name *name = list_entry(it, struct name, node);
		if (name->child || list_empty(&name->queries))
			continue;
		if (start_lookup(name, &err) < 0)
			answer(name, err.text);
		return;
	}
}

static void on_done(const struct child_result *result, void *userdata)
{
	struct name *name = userdata;
	struct names *n = name->names;
	bool ended = result->end == CHILD_EXITED;
	char error[128] = "the name servers did not answer";
	mono_t now = loop_clock();
	char *addresses = ended && result->status == NAMES_FOUND ? join_addresses(result) : NULL;
	if (ended && result->status != NAMES_FOUND)
		str_printable(error, sizeof(error), result->output, strcspn(result->output, "\n"));
	name->lookup_at = usec_add(now, addresses ? FRESH : RETRY);
	if (addresses || (ended && result->status == NAMES_NOT_FOUND)) {
		free(name->addresses);
		name->addresses = addresses;
	}
	child_free(name->child);
	name->child = NULL;
	n->n_children--;
	answer(name, error);
	start_next(n);
}

/* ---- queries ---- */

static void name_free(struct name *name)
{
	child_free(name->child);
	list_remove(&name->node);
	free(name->host);
	free(name->addresses);
	free(name);
}

static void forget_unused(struct names *n, mono_t now)
{
	list_for_each (it, &n->all) {
		struct name *name = list_entry(it, struct name, node);
		if (list_empty(&name->queries) && usec_add(name->used, FORGET) < now)
			name_free(name);
	}
}

static struct name *name_get(struct names *n, const char *host, mono_t now)
{
	list_for_each (it, &n->all) {
		struct name *known = list_entry(it, struct name, node);
		if (str_equal(known->host, host))
			return known;
	}
	forget_unused(n, now);
	struct name *name = mem_new(1, sizeof(*name));
	*name = (struct name){ .names = n, .host = mem_strdup(host) };
	list_init(&name->queries);
	list_append(&n->all, &name->node);
	return name;
}

int names_find(struct names *n, const char *host, names_cb *found, void *userdata,
	       const char **ret_addresses, struct names_query **ret, struct err *err)
{
	mono_t now = loop_clock();
	struct name *name = name_get(n, host, now);
	int r = 0;
	name->used = now;
	/* A name without addresses is looked up for every query. */
	if (!name->child && n->n_children < CHILDREN_MAX &&
	    (!name->addresses || name->lookup_at <= now))
		r = start_lookup(name, err);
	*ret_addresses = name->addresses;
	if (name->addresses)
		return 0;
	if (r < 0)
		return r;
	struct names_query *q = mem_new(1, sizeof(*q));
	*q = (struct names_query){ .found = found, .userdata = userdata, .waited = !name->child };
	list_append(&name->queries, &q->node);
	*ret = q;
	return 0;
}

/* An IPv4 address in the form of IPv6 comes out as what it is, or no rule for it would apply. */
static bool parse_address(const char *text, struct addr *ret)
{
	struct sockaddr_storage ss;
	if (addr_parse(text, ret) < 0)
		return false;
	addr_to_sockaddr(ret, 0, 0, &ss);
	return addr_from_sockaddr(&ss, ret, &(uint16_t){ 0 });
}

size_t names_split(const char *addresses, struct addr *ret, size_t max)
{
	char buf[ADDR_TEXT_MAX];
	size_t n = 0;
	while (*addresses && n < max) {
		addresses += strspn(addresses, "[],");
		size_t len = strcspn(addresses, "],");
		snprintf(buf, sizeof(buf), "%.*s", (int)len, addresses);
		n += parse_address(buf, &ret[n]);
		addresses += len;
	}
	return n;
}

bool names_waited(const struct names_query *q)
{
	return q->waited;
}

void names_cancel(struct names_query *q)
{
	if (!q)
		return;
	list_remove(&q->node);
	free(q);
}

struct names *names_new(sd_event *loop, names_lookup_fn *lookup)
{
	struct names *n = mem_new(1, sizeof(*n));
	n->loop = sd_event_ref(loop);
	n->lookup = lookup;
	list_init(&n->all);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	list_for_each (it, &n->all)
		name_free(list_entry(it, struct name, node));
	sd_event_unref(n->loop);
	free(n);
}
