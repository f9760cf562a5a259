/* SPDX-License-Identifier: MIT */
#include "net/nexthops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "net/nlnexthop.h"

#define OBJECTS_MAX 50000
#define MEMBERS_MAX 256 /* of one group; those beyond are left out */

struct nexthop_object {
	uint32_t id;
	struct nlroute_hop hop;
	uint32_t *members; /* of a group */
	size_t n_members;
};

static int compare(const void *a, const void *b)
{
	const struct nexthop_object *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static int on_nexthop(const struct nlmsghdr *msg, void *userdata)
{
	struct nexthops *n = userdata;
	struct nlnexthop parsed;
	uint32_t members[MEMBERS_MAX];
	if (n->n >= OBJECTS_MAX || nlnexthop_parse(msg, &parsed, members, MEMBERS_MAX) < 0)
		return 0;
	n->items = mem_grow(n->items, &n->cap, n->n + 1, sizeof(*n->items));
	struct nexthop_object *object = &n->items[n->n++];
	*object = (struct nexthop_object){ .id = parsed.id, .hop = parsed.hop };
	object->n_members = parsed.n_members < MEMBERS_MAX ? parsed.n_members : MEMBERS_MAX;
	if (object->n_members == 0)
		return 0;
	object->members = mem_new(object->n_members, sizeof(members[0]));
	memcpy(object->members, members, object->n_members * sizeof(members[0]));
	return 0;
}

int nexthops_load(struct nlsock *sock, struct nexthops *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	*ret = (struct nexthops){ 0 };
	int r = nlsock_request(sock, nlnexthop_build_dump(buf), on_nexthop, ret);
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return r == -EOPNOTSUPP ? 0 : r;
}

void nexthops_done(struct nexthops *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->items[i].members);
	free(n->items);
	*n = (struct nexthops){ 0 };
}

static const struct nexthop_object *find(const struct nexthops *n, uint32_t id)
{
	const struct nexthop_object key = { .id = id };
	return n->n > 0 ? bsearch(&key, n->items, n->n, sizeof(key), compare) : NULL;
}

/* A group has no groups among its members. */
size_t nexthops_find(const struct nexthops *n, uint32_t id, struct nlroute_hop *ret, size_t room)
{
	size_t found = 0;
	const struct nexthop_object *object = find(n, id);
	if (object && object->n_members == 0 && room > 0)
		ret[found++] = object->hop;
	for (size_t i = 0; object && i < object->n_members && found < room; i++) {
		const struct nexthop_object *member = find(n, object->members[i]);
		if (member)
			ret[found++] = member->hop;
	}
	return found;
}
