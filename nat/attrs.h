/* SPDX-License-Identifier: MIT */
/* The attributes of one level of a netlink message, by type. Pure. */
#ifndef NAT_ATTRS_H
#define NAT_ATTRS_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define ATTRS_MAX 32

/* Types that are not there, and those from ATTRS_MAX on, are NULL. */
struct attrs {
	const struct nlattr *by_type[ATTRS_MAX];
};

static inline int attrs_add(const struct nlattr *attr, void *userdata)
{
	struct attrs *a = userdata;
	uint16_t type = mnl_attr_get_type(attr);
	if (type < ATTRS_MAX)
		a->by_type[type] = attr;
	return MNL_CB_OK;
}

/* Of the message, behind a header of `offset` octets. */
static inline void attrs_parse(const struct nlmsghdr *msg, unsigned offset, struct attrs *ret)
{
	*ret = (struct attrs){ 0 };
	mnl_attr_parse(msg, offset, attrs_add, ret);
}

/* Of the attributes nested in one; NULL is empty. */
static inline void attrs_parse_nested(const struct nlattr *nest, struct attrs *ret)
{
	*ret = (struct attrs){ 0 };
	if (nest)
		mnl_attr_parse_nested(nest, attrs_add, ret);
}

#endif
