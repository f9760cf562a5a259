/* SPDX-License-Identifier: MIT */
/* The attributes of netlink messages as text, to compare what is built with. Include after
 * cmocka.h. */
#ifndef TESTS_UNIT_NETLINK_TEXT_H
#define TESTS_UNIT_NETLINK_TEXT_H

#include <ctype.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static inline void netlink_print_attrs(FILE *f, const struct nlattr *first, size_t len);

static inline bool netlink_is_text(const char *p, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (!isprint((unsigned char)p[i]))
			return false;
	return len > 2 && p[len - 1] == '\0';
}

/* 1='text', 2{ 1=0000000a }, 3=c0000201 */
static inline void netlink_print_attr(FILE *f, const struct nlattr *attr)
{
	const char *p = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);
	fprintf(f, " %u", mnl_attr_get_type(attr));
	if (attr->nla_type & NLA_F_NESTED) {
		fputs("{", f);
		netlink_print_attrs(f, (const void *)p, len);
		fputs(" }", f);
	} else if (netlink_is_text(p, len)) {
		fprintf(f, "='%s'", p);
	} else {
		fputs("=", f);
		for (size_t i = 0; i < len; i++)
			fprintf(f, "%02x", (uint8_t)p[i]);
	}
}

static inline void netlink_print_attrs(FILE *f, const struct nlattr *first, size_t len)
{
	const struct nlattr *attr = first;
	const char *end = (const char *)first + len;
	while (mnl_attr_ok(attr, (int)(end - (const char *)attr))) {
		netlink_print_attr(f, attr);
		attr = mnl_attr_next(attr);
	}
	assert_ptr_equal(attr, end);
}

#endif
