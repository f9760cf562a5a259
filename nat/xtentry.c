/* SPDX-License-Identifier: MIT */
#include "nat/xtentry.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#define MATCH_HEAD  XT_ALIGN(sizeof(struct xt_entry_match))
#define TARGET_HEAD XT_ALIGN(sizeof(struct xt_entry_target))

uint8_t xtentry_revision_min(uint8_t family)
{
	return family == AF_INET ? 0 : 1;
}

static size_t range_size(uint8_t revision)
{
	if (revision == 0)
		return sizeof(struct nf_nat_ipv4_multi_range_compat);
	return revision == 1 ? sizeof(struct nf_nat_range) : sizeof(struct nf_nat_range2);
}

/* Where the parts of an entry are. */
struct layout {
	size_t ports, comment, target, end;
};

static struct layout layout_of(uint8_t family, uint8_t proto, uint8_t revision)
{
	size_t ports = proto == IPPROTO_TCP ? sizeof(struct xt_tcp) : sizeof(struct xt_udp);
	struct layout l;
	l.ports = family == AF_INET ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
	l.comment = l.ports + MATCH_HEAD + XT_ALIGN(ports);
	l.target = l.comment + MATCH_HEAD + XT_ALIGN(sizeof(struct xt_comment_info));
	l.end = l.target + TARGET_HEAD + XT_ALIGN(range_size(revision));
	return l;
}

static void mask_of(const struct prefix *p, void *mask)
{
	struct addr all = { .family = p->addr.family };
	memset(all.bytes, 0xff, addr_size(all.family));
	all = addr_mask(&all, p->len);
	memcpy(mask, all.bytes, addr_size(all.family));
}

static void build_head4(const struct nat_rule *r, const struct layout *l, void *buf)
{
	struct ipt_entry *e = buf;
	memcpy(&e->ip.dst, r->vip.addr.bytes, sizeof(e->ip.dst));
	mask_of(&r->vip, &e->ip.dmsk);
	e->ip.proto = r->proto;
	e->target_offset = (uint16_t)l->target;
	e->next_offset = (uint16_t)l->end;
}

static void build_head6(const struct nat_rule *r, const struct layout *l, void *buf)
{
	struct ip6t_entry *e = buf;
	memcpy(&e->ipv6.dst, r->vip.addr.bytes, sizeof(e->ipv6.dst));
	mask_of(&r->vip, &e->ipv6.dmsk);
	e->ipv6.proto = r->proto;
	e->ipv6.flags = IP6T_F_PROTO;
	e->target_offset = (uint16_t)l->target;
	e->next_offset = (uint16_t)l->end;
}

/* Returns where the data of the match goes. */
static void *build_match(void *at, const char *name, size_t data_size)
{
	struct xt_entry_match *m = at;
	m->u.match_size = (uint16_t)(MATCH_HEAD + XT_ALIGN(data_size));
	strncpy(m->u.user.name, name, sizeof(m->u.user.name) - 1);
	return (char *)at + MATCH_HEAD;
}

static void build_ports(const struct nat_rule *r, void *at)
{
	if (r->proto == IPPROTO_TCP) {
		struct xt_tcp *tcp = build_match(at, "tcp", sizeof(*tcp));
		tcp->spts[1] = 0xffff;
		tcp->dpts[0] = tcp->dpts[1] = r->listen;
	} else {
		struct xt_udp *udp = build_match(at, "udp", sizeof(*udp));
		udp->spts[1] = 0xffff;
		udp->dpts[0] = udp->dpts[1] = r->listen;
	}
}

static void build_range0(const struct nat_rule *r, void *at)
{
	struct nf_nat_ipv4_multi_range_compat *m = at;
	m->rangesize = 1;
	m->range[0].flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
	memcpy(&m->range[0].min_ip, r->dest.bytes, sizeof(m->range[0].min_ip));
	memcpy(&m->range[0].max_ip, r->dest.bytes, sizeof(m->range[0].max_ip));
	m->range[0].min.all = m->range[0].max.all = htons(r->port);
}

/* Revision 2 begins with what revision 1 is; its last member stays 0. */
static void build_range1(const struct nat_rule *r, void *at)
{
	struct nf_nat_range *range = at;
	range->flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
	memcpy(&range->min_addr, r->dest.bytes, addr_size(r->dest.family));
	memcpy(&range->max_addr, r->dest.bytes, addr_size(r->dest.family));
	range->min_proto.all = range->max_proto.all = htons(r->port);
}

static void build_target(const struct nat_rule *r, uint8_t revision, void *at)
{
	struct xt_entry_target *t = at;
	void *data = (char *)at + TARGET_HEAD;
	t->u.target_size = (uint16_t)(TARGET_HEAD + XT_ALIGN(range_size(revision)));
	strcpy(t->u.user.name, "DNAT");
	t->u.user.revision = revision;
	if (revision == 0)
		build_range0(r, data);
	else
		build_range1(r, data);
}

size_t xtentry_build(const struct nat_rule *r, uint8_t revision, void *buf)
{
	struct layout l = layout_of(r->vip.addr.family, r->proto, revision);
	char *at = buf;
	memset(buf, 0, l.end);
	if (r->vip.addr.family == AF_INET)
		build_head4(r, &l, buf);
	else
		build_head6(r, &l, buf);
	build_ports(r, at + l.ports);
	struct xt_comment_info *c =
		build_match(at + l.comment, "comment", sizeof(struct xt_comment_info));
	if (r->behind)
		strcpy(c->comment, XTENTRY_COMMENT_SAME);
	else
		strcpy(c->comment, XTENTRY_COMMENT);
	build_target(r, revision, at + l.target);
	return l.end;
}

/* The rule that the entry claims to be, without a closer check. */
struct claim {
	struct addr dst;
	uint8_t mask[16];
	uint16_t proto, target_offset, next_offset;
};

static struct claim claim_of(uint8_t family, const void *entry)
{
	struct claim c = { 0 };
	if (family == AF_INET) {
		const struct ipt_entry *e = entry;
		c.dst = addr_from_bytes(AF_INET, &e->ip.dst);
		memcpy(c.mask, &e->ip.dmsk, sizeof(e->ip.dmsk));
		c.proto = e->ip.proto;
		c.target_offset = e->target_offset;
		c.next_offset = e->next_offset;
	} else {
		const struct ip6t_entry *e = entry;
		c.dst = addr_from_bytes(AF_INET6, &e->ipv6.dst);
		memcpy(c.mask, &e->ipv6.dmsk, sizeof(e->ipv6.dmsk));
		c.proto = e->ipv6.proto;
		c.target_offset = e->target_offset;
		c.next_offset = e->next_offset;
	}
	return c;
}

/* -1 when there is no such target. */
static int revision_of(const char *entry, uint16_t target_offset, uint16_t next_offset)
{
	const struct xt_entry_target *t = (const void *)(entry + target_offset);
	if (target_offset % 8 || (size_t)target_offset + TARGET_HEAD > next_offset ||
	    t->u.user.revision > XTENTRY_REVISION_MAX)
		return -1;
	return t->u.user.revision;
}

static uint8_t mask_length(const uint8_t *mask)
{
	uint8_t n = 0;
	while (n < 128 && mask[n / 8] & (0x80 >> n % 8))
		n++;
	return n;
}

/* Reads the destination from a target of which only size and revision were checked. */
static void read_range(uint8_t family, uint8_t revision, const char *data, struct nat_rule *r)
{
	if (revision == 0) {
		const struct nf_nat_ipv4_multi_range_compat *m = (const void *)data;
		r->dest = addr_from_bytes(AF_INET, &m->range[0].min_ip);
		r->port = ntohs(m->range[0].min.all);
		return;
	}
	const struct nf_nat_range *range = (const void *)data;
	r->dest = addr_from_bytes(family, &range->min_addr);
	r->port = ntohs(range->min_proto.all);
}

/* The kernel writes a name up to its end only; the bytes behind it are those of the buffer that was
 * passed. */
static void clean_name(char *name)
{
	char *end = memchr(name, '\0', XT_EXTENSION_MAXNAMELEN);
	if (end)
		memset(end, 0, XT_EXTENSION_MAXNAMELEN - (size_t)(end - name));
}

/* Leaves out the kernel's own notes and the counters. */
static void clean_head(uint8_t family, void *entry)
{
	if (family == AF_INET) {
		struct ipt_entry *e = entry;
		e->nfcache = e->comefrom = 0;
		e->counters = (struct xt_counters){ 0 };
	} else {
		struct ip6t_entry *e = entry;
		e->nfcache = e->comefrom = 0;
		e->counters = (struct xt_counters){ 0 };
	}
}

static bool same_entry(uint8_t family, const struct layout *l, const void *entry, const void *made)
{
	_Alignas(uint64_t) char copy[XTENTRY_MAX];
	struct xt_entry_match *ports = (void *)(copy + l->ports);
	struct xt_entry_match *comment = (void *)(copy + l->comment);
	struct xt_entry_target *target = (void *)(copy + l->target);
	memcpy(copy, entry, l->end);
	clean_head(family, copy);
	clean_name(ports->u.user.name);
	clean_name(comment->u.user.name);
	clean_name(target->u.user.name);
	return memcmp(copy, made, l->end) == 0;
}

/* Reads the entry as if it were ours, builds that rule and compares, so that only one function
 * knows our rules. */
bool xtentry_parse(uint8_t family, const void *entry, struct nat_rule *ret)
{
	_Alignas(uint64_t) char made[XTENTRY_MAX];
	struct claim c = claim_of(family, entry);
	int revision = revision_of(entry, c.target_offset, c.next_offset);
	if ((c.proto != IPPROTO_TCP && c.proto != IPPROTO_UDP) || revision < 0 ||
	    revision < xtentry_revision_min(family))
		return false;
	struct layout l = layout_of(family, (uint8_t)c.proto, (uint8_t)revision);
	if (c.target_offset != l.target || c.next_offset != l.end)
		return false;
	struct nat_rule r = { .vip = { .addr = c.dst, .len = mask_length(c.mask) },
			      .proto = (uint8_t)c.proto };
	const char *at = entry, *ports = at + l.ports + MATCH_HEAD;
	const struct xt_comment_info *comment = (const void *)(at + l.comment + MATCH_HEAD);
	r.behind = strncmp(comment->comment, XTENTRY_COMMENT_SAME, sizeof(comment->comment)) == 0;
	/* struct xt_tcp and xt_udp begin alike. */
	r.listen = ((const struct xt_udp *)(const void *)ports)->dpts[0];
	read_range(family, (uint8_t)revision, at + l.target + TARGET_HEAD, &r);
	if (xtentry_build(&r, (uint8_t)revision, made) != l.end ||
	    !same_entry(family, &l, entry, made))
		return false;
	*ret = r;
	return true;
}
